import { readWithin } from '../access/reach.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import { type ApiKey, findApiKey, listApiKeys as listApiKeyRows } from './store.ts';
import { getOwned } from './tenant-scope.ts';

export interface ApiKeyFilter {
  readonly organisation_id?: string | undefined;
  readonly project_id?: string | undefined;
}

export const listApiKeys = (ctx: Ctx, filter: ApiKeyFilter, page: PageInput): Promise<Page<ApiKey>> =>
  readWithin(ctx, filter, (tx, narrowed) => listApiKeyRows(tx, narrowed, page));

/** Throws `not_found`. */
export const getApiKey = (ctx: Ctx, { id }: { readonly id: string }): Promise<ApiKey> =>
  getOwned(ctx, 'api_keys', id, (tx) => findApiKey(tx, id));
