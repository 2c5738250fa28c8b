/**
 * Customers whose invoices run every statement of an issue: taxes, a discount, a conversion, late usage up and down.
 */
import { uuidv7 } from '../../../src/core/id.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import type { Invoice } from '../../../src/invoicing/invoice.ts';
import { finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { settleInGermany } from '../../invoicing/credit-notes/credited-invoices.ts';
import type { Suite } from '../../invoicing/ledger-of-suite.ts';

export const NOW = '2026-11-20T12:00:00Z';
/** In the seller's previous financial year. */
const EARLIER = '2026-09-05T12:00:00Z';
const LANES = 4;

/** A separate organisation with an issued invoice for August and a draft for September. */
export interface Customer {
  readonly organisation_id: string;
  readonly august: Invoice;
  readonly september: Invoice;
}

/** Processes a few items at a time, each lane with its own connection. */
export async function inLanes<T, R>(
  suite: Suite,
  items: readonly T[],
  work: (ctx: Ctx, item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const queue = [...items.entries()];
  const results: R[] = [];
  const lane = async (): Promise<void> => {
    const ctx = suite.ctx(NOW);
    const ledger = ctx.openLedger();
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [index, item] = next;
        results[index] = await work({ ...ctx, ledger }, item, index);
      }
    } finally {
      await ledger.close();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

/** Sets up the seller, whose financial year begins in October, the prices and an exchange rate. */
export async function prepareSeller(suite: Suite): Promise<void> {
  await settleInGermany(suite);
  await suite.owner.query(`UPDATE billing_entities SET financial_year_start_month = 10`);
  for (const [metric_name, currency, price_per_unit] of [
    ['calls', 'EUR', '2.005'],
    ['moved', 'EUR', '1'],
    ['seats', 'EUR', '4'],
    ['tokens', 'USD', '0.333'],
  ]) {
    await suite.addPlan({ metric_name, currency, price_per_unit, unit: '' });
  }
  await suite.owner.query(
    `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, source)
     VALUES ($1, 'USD', 'EUR', 0.9, '2026-01-01T00:00:00Z', 'manual')`,
    [uuidv7(6)],
  );
}

async function addBuyer(suite: Suite): Promise<{ organisation_id: string; project_id: string }> {
  const { organisation_id, projects } = await suite.addOrganisation({ currency: 'EUR' });
  await suite.owner.query(
    `UPDATE organisations SET tax_regime = 'eu', legal_name = 'Buyer', address = $2 WHERE id = $1`,
    [organisation_id, JSON.stringify({ line1: 'Allee 2', city: 'Bonn', country: 'DE' })],
  );
  await suite.owner.query(
    `INSERT INTO discounts (organisation_id, id, description, percentage, effective_from)
     VALUES ($1, $2, 'Loyal', 10, '2020-01-01')`,
    [organisation_id, uuidv7(5)],
  );
  return { organisation_id, project_id: projects[0] ?? '' };
}

export async function addCustomers(suite: Suite, n: number): Promise<Customer[]> {
  const buyers: Awaited<ReturnType<typeof addBuyer>>[] = [];
  for (let i = 0; i < n; i++) buyers.push(await addBuyer(suite));
  const sendAll = async (usage: readonly (readonly [metric: string, value: string, day: string])[]) => {
    for (const { organisation_id, project_id } of buyers) {
      const events = usage.map(([metric_name, metric_value, day]) => {
        return { project_id, metric_name, unit: '', metric_value, timestamp: `2026-${day}T10:00:00Z` };
      });
      suite.sendEvents(organisation_id, events);
    }
    await suite.drain();
  };

  await sendAll([
    ['calls', '7', '08-10'],
    ['moved', '10', '08-10'],
  ]);
  const issued = await inLanes(suite, buyers, async (ctx, { organisation_id }) => {
    const at = { ...ctx, now: Date.parse(EARLIER) };
    const { id } = await createInvoice(at, { organisation_id, year: 2026, month: 8 });
    return await finalizeInvoice(at, { id });
  });
  await sendAll([
    ['calls', '3', '08-11'],
    ['calls', '10', '09-10'],
    ['seats', '-2', '09-10'],
    ['tokens', '31', '09-10'],
  ]);
  const drafted = await inLanes(suite, issued, async (ctx, august) => {
    const { organisation_id } = august;
    const september = await createInvoice(ctx, { organisation_id, year: 2026, month: 9 });
    return { organisation_id, august, september };
  });
  // Found only by the finalization of September, which proposes a credit note for it.
  await sendAll([['moved', '-4', '08-11']]);
  return drafted;
}
