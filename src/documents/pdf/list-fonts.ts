import type { Ctx } from '../../db/ctx.ts';
import { FONTS_PREFIX } from './load-stored-fonts.ts';

/** The names of the added fonts, without the built-in ones. */
export async function listFonts(ctx: Ctx): Promise<string[]> {
  const keys = await ctx.files.list(FONTS_PREFIX);
  return keys.map((key) => key.slice(FONTS_PREFIX.length)).sort();
}
