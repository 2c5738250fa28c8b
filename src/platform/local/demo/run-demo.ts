/** The trace of an hour of November 2023 as a customer's usage: sent, deduplicated, rolled up, invoiced, finalized. */
import type { Client } from './client.ts';
import { ensureInvoice, type Invoice, ofPeriod, type Page } from './ensure-invoice.ts';
import { BUYER, readSeller } from './parties.ts';
import { eventsOf, readTrace } from './read-trace.ts';
import { type AiReport, runAiDemo } from './run-ai-demo.ts';
import { type Sending, sendAll } from './send-all.ts';

const PROJECT_KEY = 'azure-llm-code-2023';

export interface DemoReport extends Sending {
  readonly calls: number;
  readonly events: number;
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
  readonly ai: AiReport;
  readonly organisationId: string;
  readonly projectKey: string;
  readonly pdf: Uint8Array;
  /** The URL at which the customer opens the invoice. */
  readonly link: string;
}

export async function runDemo(client: Client, say: (line: string) => void): Promise<DemoReport> {
  const calls = readTrace();
  const events = eventsOf(calls);
  const tenant = await ensureTenant(client);
  say(`\nSending ${count(events.length)} events of ${count(calls.length)} real model calls …`);
  const sending = await sendAll(client, tenant.key, '/v1/events', events);

  say('Rolling up …');
  const startedAt = performance.now();
  const drained = await client.post<DemoReport['drained'] & { status: string }>('/v1/admin/jobs/rollup', {});
  if (drained.status !== 'succeeded') throw new Error(`the roll-up ended with status ${drained.status}`);
  const drainSeconds = (performance.now() - startedAt) / 1000;

  const aggregates = await client.get<Page<DemoReport['aggregates'][number]>>(
    `/v1/admin/usage-aggregates?${ofPeriod(tenant.organisationId)}`,
  );
  say('Invoicing November 2023 …');
  const invoice = await ensureInvoice(client, tenant.organisationId);
  const explained = await client.get<DemoReport['explained']>(`/v1/admin/invoices/${invoice.id}/explain`);
  const { billing_entity_id } = await client.get<{ billing_entity_id: string }>(
    `/v1/admin/organisations/${tenant.organisationId}`,
  );
  const ai = await runAiDemo(client, billing_entity_id, say);
  say('Rendering and sending the invoices …');
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
    ai,
    organisationId: tenant.organisationId,
    projectKey: tenant.key,
    pdf,
    link: link.url,
  };
}

/** On a state that has run the demo before, everything exists, and every event will be a duplicate. */
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

export const count = (value: number): string => value.toLocaleString('en-US');
