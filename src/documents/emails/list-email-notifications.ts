import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type EmailNotification, listNotificationRows } from './email-store.ts';

export interface EmailNotificationFilter {
  readonly organisation_id?: string | undefined;
  readonly invoice_id?: string | undefined;
  readonly status?: EmailNotification['status'] | undefined;
}

/** Every attempt to send an e-mail, newest first. */
export const listEmailNotifications = (
  ctx: Ctx,
  filter: EmailNotificationFilter,
  page: PageInput,
): Promise<Page<EmailNotification>> =>
  readWithin(ctx, filter, (tx, narrowed) => listNotificationRows(tx, narrowed, page));
