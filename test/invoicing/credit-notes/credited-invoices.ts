/** Issued invoices with discounts and taxes, for the credit note tests. */
import { uuidv7 } from '../../../src/core/id.ts';
import type { Ledger } from '../../../src/db/ledger.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import {
  type CreateCreditNoteInput,
  createCreditNote,
} from '../../../src/invoicing/credit-notes/create-credit-note.ts';
import type { CreditNote } from '../../../src/invoicing/credit-notes/credit-note.ts';
import type { Invoice } from '../../../src/invoicing/invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import type { Suite } from '../ledger-of-suite.ts';

export const NOW = '2026-11-20T12:00:00Z';

/** The suite's one seller is German, so a German consumer pays 19 % VAT. */
export async function settleInGermany(suite: Suite): Promise<void> {
  await suite.owner.query(
    `UPDATE billing_entities SET legal_name = 'Seller GmbH', address = $1, tax_ids = $2, credit_note_series = 'CN'`,
    [
      JSON.stringify({ line1: 'Weg 1', city: 'Berlin', postal_code: '10115', country: 'DE' }),
      JSON.stringify([{ type: 'eu_vat', value: 'DE136695976' }]),
    ],
  );
}

export interface Customer {
  readonly organisation_id: string;
  readonly project_id: string;
  send(metric_value: string, timestamp: string, metric_name?: string): void;
  issue(month: number, now?: string): Promise<Invoice>;
}

/** A customer with prices of 2.005 for `calls` and 0.333 for `tokens`; taxed if the currency is EUR. */
export async function customerOf(
  suite: Suite,
  { currency = 'EUR', discount }: { readonly currency?: string; readonly discount?: string } = {},
): Promise<Customer> {
  const { organisation_id, projects } = await suite.addOrganisation({ currency });
  const [project_id = ''] = projects;
  if (currency === 'EUR') {
    await suite.owner.query(
      `UPDATE organisations SET tax_regime = 'eu', legal_name = 'Buyer', address = $2 WHERE id = $1`,
      [organisation_id, JSON.stringify({ line1: 'Allee 2', city: 'Bonn', country: 'DE' })],
    );
  }
  if (discount !== undefined) {
    await suite.owner.query(
      `INSERT INTO discounts (organisation_id, id, description, percentage, effective_from)
       VALUES ($1, $2, 'Loyal', $3, '2020-01-01')`,
      [organisation_id, uuidv7(5), discount],
    );
  }
  for (const [metric_name, price_per_unit] of [
    ['calls', '2.005'],
    ['tokens', '0.333'],
  ]) {
    await suite.addPlan({ organisation_id, currency, metric_name, unit: '', price_per_unit });
  }
  return {
    organisation_id,
    project_id,
    send: (metric_value, timestamp, metric_name = 'calls') =>
      suite.sendEvents(organisation_id, [{ project_id, metric_name, unit: '', metric_value, timestamp }]),
    async issue(month, now = NOW) {
      const ctx = suite.ctx(now);
      const draft = await createInvoice(ctx, { organisation_id, year: 2026, month });
      return await finalizeInvoice(ctx, { id: draft.id });
    },
  };
}

/** September: calls 10 at 2.005 are 20.05, tokens 31 at 0.333 are 10.32; less 10 %, with VAT, 32.52. */
export async function septemberInvoice(suite: Suite): Promise<{ customer: Customer; invoice: Invoice }> {
  const customer = await customerOf(suite, { discount: '10' });
  customer.send('10', '2026-09-10T00:00:00Z');
  customer.send('31', '2026-09-11T00:00:00Z', 'tokens');
  await suite.drain();
  return { customer, invoice: await customer.issue(9) };
}

export const countIn =
  (suite: Suite) =>
  async (table: string, organisationId: string, where = 'true'): Promise<number> => {
    const { rows } = await suite.owner.query(
      `SELECT count(*)::int AS n FROM ${table} WHERE organisation_id = $1 AND ${where}`,
      [organisationId],
    );
    return rows[0].n;
  };

/** Issues a credit note: for the given lines, else for everything left of the invoice. */
export const creditIn =
  (suite: Suite) =>
  (
    invoice: Pick<Invoice, 'id'>,
    fields: Partial<CreateCreditNoteInput> = {},
    ledger?: Ledger,
  ): Promise<CreditNote> =>
    createCreditNote(suite.ctx(NOW, ledger ? { ledger } : {}), {
      invoice_id: invoice.id,
      idempotency_key: null,
      ...fields,
    });

/** Counts what credit notes have written: notes, lines, documents, messages, audit rows. */
export const effectsIn =
  (suite: Suite) =>
  async (organisationId: string): Promise<number[]> => {
    const count = countIn(suite);
    return [
      await count('credit_notes', organisationId),
      await count('credit_note_lines', organisationId),
      await count('documents', organisationId, `kind = 'credit_note'`),
      await count('outbox', organisationId, `topic = 'credit_note.issued'`),
      await count('audit_logs', organisationId, `action LIKE 'credit_note.%'`),
    ];
  };

export async function pay(
  suite: Suite,
  { organisation_id, id, currency }: Invoice,
  amount: string,
): Promise<void> {
  await suite.owner.query(
    `INSERT INTO payments (organisation_id, id, invoice_id, amount, currency, status, payment_method, applied_amount, paid_at)
     VALUES ($1, $2, $3, $4, $5, 'captured', 'offline', $4, now())`,
    [organisation_id, uuidv7(6), id, amount, currency],
  );
}
