import { readWithin } from '../access/reach.ts';
import type { Page, PageInput } from '../core/page.ts';
import type { Ctx } from '../db/ctx.ts';
import { getOwned } from './tenant-scope.ts';
import type { User } from './user.ts';
import { findUser, listUsers as listUserRows, type UserFilter } from './user-store.ts';

export const listUsers = (ctx: Ctx, filter: UserFilter, page: PageInput): Promise<Page<User>> =>
  readWithin(ctx, filter, (tx, narrowed) => listUserRows(tx, narrowed, page));

/** Throws `not_found`. */
export const getUser = (ctx: Ctx, { id }: { readonly id: string }): Promise<User> =>
  getOwned(ctx, 'users', id, (tx, organisationId) => findUser(tx, organisationId, id));
