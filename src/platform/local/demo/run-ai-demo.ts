/** The same trace as calls of two models: their cost, and the amount charged to a customer. */
import type { Client } from './client.ts';
import { ensureInvoice, type Invoice, type Page } from './ensure-invoice.ts';
import { AI_BUYER } from './parties.ts';
import { readTrace, type TraceCall } from './read-trace.ts';
import { type Sending, sendAll } from './send-all.ts';

const PROJECT_KEY = 'azure-llm-code-2023-calls';
/** Models of that time: the price book has the prices of November 2023. */
const MODELS = [
  { provider: 'openai', model: 'gpt-4-1106-preview' },
  { provider: 'anthropic', model: 'claude-2' },
] as const;
const USERS = 12;
/** Percent of the cost: cost plus a fifth. */
const RATE = '120';

export interface Spend {
  readonly call_count: number;
  readonly unpriced_calls: number;
  readonly total_cost: string;
  readonly avg_cost: string | null;
  readonly input_tokens: string;
  readonly output_tokens: string;
  readonly total_tokens: string;
}

export interface AiReport {
  readonly sending: Sending;
  readonly models: readonly (Spend & { readonly provider: string; readonly model: string })[];
  readonly total: Spend;
  readonly rate: string;
  readonly invoice: Invoice;
  readonly organisationId: string;
}

export async function runAiDemo(
  client: Client,
  sellerId: string,
  say: (line: string) => void,
): Promise<AiReport> {
  const tenant = await ensureTenant(client, sellerId);
  const calls = generationsOf(readTrace());
  say(`Sending them as ${calls.length.toLocaleString('en-US')} AI calls of two models …`);
  const sending = await sendAll(client, tenant.key, '/v1/ai/generations', calls);
  const drained = await client.post<{ status: string }>('/v1/admin/jobs/rollup', {});
  if (drained.status !== 'succeeded') throw new Error(`the roll-up ended with status ${drained.status}`);
  const { organisationId } = tenant;
  const spend = await client.get<Page<AiReport['models'][number]> & { total: Spend }>(
    `/v1/admin/ai/spend?group_by=model&organisation_id=${organisationId}&from=2023-11-01&to=2023-12-01`,
  );
  const invoice = await ensureInvoice(client, organisationId);
  return { sending, models: spend.data, total: spend.total, rate: RATE, invoice, organisationId };
}

const generationsOf = (calls: readonly TraceCall[]): object[] =>
  calls.map(({ timestamp, inputTokens, outputTokens }, index) => ({
    ...MODELS[index % MODELS.length],
    scene: 'code completion',
    user_id: `developer-${(index % USERS) + 1}`,
    tokens: { input: inputTokens, output: outputTokens },
    occurred_at: timestamp,
    idempotency_key: `azure-llm-code-2023/${index + 1}/call`,
  }));

async function ensureTenant(
  client: Client,
  sellerId: string,
): Promise<{ organisationId: string; key: string }> {
  const known = await client.get<Page<{ id: string; organisation_id: string }>>(
    `/v1/admin/projects?external_key=${PROJECT_KEY}`,
  );
  const project = known.data[0] ?? (await createTenant(client, sellerId));
  const { key } = await client.post<{ key: string }>('/v1/admin/api-keys', {
    project_id: project.id,
    name: 'npm run demo',
  });
  return { organisationId: project.organisation_id, key };
}

async function createTenant(
  client: Client,
  sellerId: string,
): Promise<{ id: string; organisation_id: string }> {
  const organisation = await client.post<{ id: string }>('/v1/admin/organisations', {
    ...AI_BUYER,
    billing_entity_id: sellerId,
  });
  await client.post('/v1/admin/pricing-plans', {
    organisation_id: organisation.id,
    metric_name: 'ai.cost_usd',
    unit: 'usd',
    currency: 'USD',
    display_name: 'Model calls, at cost plus 20 %',
    charge_model: 'percentage',
    rate: RATE,
    effective_from: '2023-01-01',
  });
  return await client.post('/v1/admin/projects', {
    organisation_id: organisation.id,
    name: 'Coding assistant',
    external_key: PROJECT_KEY,
  });
}
