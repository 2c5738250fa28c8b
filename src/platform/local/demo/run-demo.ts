/** The trace of an hour of November 2023 as a customer's usage: sent, deduplicated, rolled up, invoiced, finalized. */
import type { Client } from './client.ts';
import { BUYER, readSeller } from './parties.ts';
import { eventsOf, readTrace, type TraceEvent } from './read-trace.ts';

const PERIOD = { year: 2023, month: 11 };
const PROJECT_KEY = 'azure-llm-code-2023';
const BATCH_EVENTS = 1_000;
/** Every fifth request is sent again as a client does that never saw the answer. */
const RETRY_EVERY = 5;

interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
  readonly conflicts: number;
}

interface Line {
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

interface Invoice {
  readonly id: string;
  readonly status: string;
  readonly invoice_number: string | null;
  readonly total: string;
  readonly currency: string;
  readonly due_date: string | null;
  readonly line_items: readonly Line[];
}

export interface DemoReport {
  readonly calls: number;
  readonly events: number;
  readonly sent: number;
  readonly requests: number;
  readonly retries: number;
  readonly seconds: number;
  readonly receipts: Receipt;
  readonly drained: { readonly n_counted: number; readonly n_duplicate: number };
  readonly drainSeconds: number;
  readonly aggregates: readonly {
    metric_name: string;
    unit: string;
    total_value: string;
    event_count: number;
  }[];
  readonly invoice: Invoice;
  readonly explained: { readonly lines: readonly { recomputed: { matches: boolean } | null }[] };
  readonly organisationId: string;
  readonly projectKey: string;
  readonly pdf: Uint8Array;
  /** Where the customer opens the invoice. */
  readonly link: string;
}

interface Page<Row> {
  readonly data: readonly Row[];
}

export async function runDemo(client: Client, say: (line: string) => void): Promise<DemoReport> {
  const calls = readTrace();
  const events = eventsOf(calls);
  const tenant = await ensureTenant(client);
  say(`\nSending ${count(events.length)} events of ${count(calls.length)} real model calls …`);
  const sending = await sendAll(client, tenant.key, events);

  say('Rolling up …');
  const startedAt = performance.now();
  const drained = await client.post<DemoReport['drained'] & { status: string }>('/v1/admin/jobs/rollup', {});
  if (drained.status !== 'succeeded') throw new Error(`the roll-up ended as ${drained.status}`);
  const drainSeconds = (performance.now() - startedAt) / 1000;

  const ofPeriod = `organisation_id=${tenant.organisationId}&year=${PERIOD.year}&month=${PERIOD.month}`;
  const aggregates = await client.get<Page<DemoReport['aggregates'][number]>>(
    `/v1/admin/usage-aggregates?${ofPeriod}`,
  );
  say('Invoicing November 2023 …');
  const invoice = await ensureInvoice(client, tenant.organisationId, ofPeriod);
  const explained = await client.get<DemoReport['explained']>(`/v1/admin/invoices/${invoice.id}/explain`);
  say('Rendering and sending it …');
  await client.post('/v1/admin/jobs/deliver', {});
  const pdf = await client.getBytes(`/v1/admin/invoices/${invoice.id}/pdf`);
  const link = await client.post<{ url: string }>(`/v1/admin/invoices/${invoice.id}/links`, {});
  return {
    calls: calls.length,
    events: events.length,
    ...sending,
    drained,
    drainSeconds,
    aggregates: aggregates.data,
    invoice,
    explained,
    organisationId: tenant.organisationId,
    projectKey: tenant.key,
    pdf,
    link: link.url,
  };
}

/** On a state that has run the demo before everything exists, and every event will be a duplicate. */
async function ensureTenant(client: Client): Promise<{ organisationId: string; key: string }> {
  const known = await client.get<Page<{ id: string; organisation_id: string }>>(
    `/v1/admin/projects?external_key=${PROJECT_KEY}`,
  );
  const project = known.data[0] ?? (await createTenant(client));
  const { key } = await client.post<{ key: string }>('/v1/admin/api-keys', {
    project_id: project.id,
    name: 'npm run demo',
  });
  return { organisationId: project.organisation_id, key };
}

async function createTenant(client: Client): Promise<{ id: string; organisation_id: string }> {
  const seller = await client.post<{ id: string }>('/v1/admin/billing-entities', await readSeller());
  const organisation = await client.post<{ id: string }>('/v1/admin/organisations', {
    ...BUYER,
    billing_entity_id: seller.id,
  });
  const plan = {
    organisation_id: organisation.id,
    unit: 'token',
    currency: 'USD',
    effective_from: '2023-01-01',
  };
  await client.post('/v1/admin/pricing-plans', {
    ...plan,
    metric_name: 'tokens.input',
    display_name: 'Model tokens, input',
    charge_model: 'graduated',
    tiers: [
      { up_to: '1000000', price_per_unit: '0.000003' },
      { up_to: '10000000', price_per_unit: '0.0000025' },
      { up_to: null, price_per_unit: '0.000002' },
    ],
  });
  await client.post('/v1/admin/pricing-plans', {
    ...plan,
    metric_name: 'tokens.output',
    display_name: 'Model tokens, output',
    charge_model: 'per_unit',
    price_per_unit: '0.000015',
  });
  return await client.post('/v1/admin/projects', {
    organisation_id: organisation.id,
    name: 'Code completion',
    external_key: PROJECT_KEY,
  });
}

async function sendAll(client: Client, key: string, events: readonly TraceEvent[]) {
  const startedAt = performance.now();
  const receipts = { accepted: 0, duplicates: 0, conflicts: 0 };
  let [sent, requests, retries] = [0, 0, 0];
  const send = async (batch: readonly TraceEvent[]): Promise<void> => {
    const receipt = await client.post<Receipt>('/v1/events', batch, key);
    receipts.accepted += receipt.accepted;
    receipts.duplicates += receipt.duplicates;
    receipts.conflicts += receipt.conflicts;
    sent += batch.length;
    requests += 1;
  };
  for (let start = 0; start < events.length; start += BATCH_EVENTS) {
    const batch = events.slice(start, start + BATCH_EVENTS);
    await send(batch);
    if ((start / BATCH_EVENTS) % RETRY_EVERY !== 0) continue;
    retries += 1;
    await send(batch);
  }
  return { sent, requests, retries, receipts, seconds: (performance.now() - startedAt) / 1000 };
}

async function ensureInvoice(client: Client, organisationId: string, ofPeriod: string): Promise<Invoice> {
  const known = await client.get<Page<Invoice>>(`/v1/admin/invoices?${ofPeriod}&status=finalized`);
  const issued = known.data[0];
  if (issued) return await client.get(`/v1/admin/invoices/${issued.id}`);
  const drafts = await client.get<Page<Invoice>>(`/v1/admin/invoices?${ofPeriod}&status=draft`);
  const draft =
    drafts.data[0] ??
    (await client.post<Invoice>('/v1/admin/invoices', { organisation_id: organisationId, ...PERIOD }));
  return await client.post(`/v1/admin/invoices/${draft.id}/finalize`, {});
}

export const count = (value: number): string => value.toLocaleString('en-US');
