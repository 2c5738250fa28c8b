import type { Client } from './client.ts';

export const PERIOD = { year: 2023, month: 11 };

export interface Line {
  readonly line_number: number;
  readonly description: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly quantity: string;
  readonly unit_price: string | null;
  readonly total: string;
  readonly tiers:
    | readonly { from: string; to: string | null; quantity: string; price_per_unit: string; amount: string }[]
    | null;
}

export interface Invoice {
  readonly id: string;
  readonly status: string;
  readonly invoice_number: string | null;
  readonly total: string;
  readonly currency: string;
  readonly due_date: string | null;
  readonly line_items: readonly Line[];
}

export interface Page<Row> {
  readonly data: readonly Row[];
}

export const ofPeriod = (organisationId: string): string =>
  `organisation_id=${organisationId}&year=${PERIOD.year}&month=${PERIOD.month}`;

/** The finalized invoice of November 2023; it exists already if the demo has run on this state before. */
export async function ensureInvoice(client: Client, organisationId: string): Promise<Invoice> {
  const period = ofPeriod(organisationId);
  const known = await client.get<Page<Invoice>>(`/v1/admin/invoices?${period}&status=finalized`);
  const issued = known.data[0];
  if (issued) return await client.get(`/v1/admin/invoices/${issued.id}`);
  const drafts = await client.get<Page<Invoice>>(`/v1/admin/invoices?${period}&status=draft`);
  const draft =
    drafts.data[0] ??
    (await client.post<Invoice>('/v1/admin/invoices', { organisation_id: organisationId, ...PERIOD }));
  return await client.post(`/v1/admin/invoices/${draft.id}/finalize`, {});
}
