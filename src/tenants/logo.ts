import { invalidRequest } from '../core/error.ts';
import { readLogo, UnusableLogoError } from '../core/logo.ts';
import { sha256Hex } from '../core/sha256.ts';

export const LOGO_BYTES_MAX = 200 * 1024;
/** Length of the data URL: its prefix, then four characters for every three bytes. */
export const LOGO_TEXT_MAX = 32 + Math.ceil(LOGO_BYTES_MAX / 3) * 4;

export interface LogoFile {
  readonly bytes: Uint8Array;
  readonly media_type: 'image/png' | 'image/jpeg';
  readonly sha256: string;
}

const DATA_URL = /^data:(image\/png|image\/jpeg);base64,([A-Za-z0-9+/]+={0,2})$/;

const refused = (code: string, detail: string) => invalidRequest([{ pointer: '/logo', code, detail }]);

/** The image of a data URL. Throws `invalid_request` for an image that a PDF cannot show, or that is too large. */
export async function parseLogo(text: string): Promise<LogoFile> {
  if (text.length > LOGO_TEXT_MAX)
    throw refused('too_long', `A logo may have at most ${LOGO_BYTES_MAX} bytes.`);
  const match = DATA_URL.exec(text);
  const bytes = match?.[2] === undefined ? null : decodeBase64(match[2]);
  if (match === null || bytes === null) {
    const detail = 'Must be a data URL: data:image/png;base64,… or data:image/jpeg;base64,…';
    throw refused('invalid_format', detail);
  }
  if (bytes.length > LOGO_BYTES_MAX)
    throw refused('too_long', `A logo may have at most ${LOGO_BYTES_MAX} bytes.`);
  const { media_type } = await readLogo(bytes).catch((error) => {
    throw error instanceof UnusableLogoError ? refused('invalid_format', error.message) : error;
  });
  if (media_type !== match[1]) throw refused('invalid_format', `The content is not ${match[1]}.`);
  return { bytes, media_type, sha256: sha256Hex(bytes) };
}

function decodeBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

export const logoKey = (sha256: string): string => `logos/${sha256}`;
