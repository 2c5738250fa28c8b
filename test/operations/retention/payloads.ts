/** Calls with payloads and users, a real bucket for their files, and what is left of them in every place. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { R2Bucket } from '@cloudflare/workers-types';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { uuidv7 } from '../../../src/core/id.ts';
import type { FileStore } from '../../../src/core/ports.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import { runRetention } from '../../../src/operations/retention/run-retention.ts';
import { fileStoreOf } from '../../../src/platform/file-store.ts';
import { getGeneration } from '../../../src/reports/ai/get-generation.ts';
import { type GenerationContent, sendGenerations } from '../../ai/generations.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { randomUUID } from '../../setup/seeded.ts';

export const NOW = '2026-11-21T12:00:00.000Z';
/** Older than 90 days, and younger than 365. */
export const OLD = '2026-06-10T10:00:00.000Z';

export interface RetentionSuite {
  readonly suite: Suite;
  readonly files: FileStore;
  ctx(now?: string): Ctx;
  /** With a connection of its own, for concurrent operations. */
  apart(now?: string): Ctx;
  rows<Row extends object = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<Row[]>;
  /** Everything in the bucket, by key, uncompressed. */
  filesOf(organisationId: string): Promise<Map<string, string>>;
  close(): Promise<void>;
}

export async function openRetentionSuite(name: string): Promise<RetentionSuite> {
  const bucketOf = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default {}',
      r2Buckets: ['FILES'],
      cf: false,
    }),
  );
  const [suite, bucket] = await Promise.all([openSuite(name), bucketOf.getR2Bucket('FILES')]);
  // Miniflare's types come from another copy of the same declarations.
  const files = fileStoreOf(bucket as unknown as R2Bucket);
  return {
    suite,
    files,
    ctx: (now = NOW) => suite.ctx(now, { files }),
    apart(now = NOW) {
      const shared = suite.ctx(now, { files });
      return { ...shared, ledger: shared.openLedger() };
    },
    rows: async (text, ...values) => (await suite.owner.query({ text, values })).rows,
    async filesOf(organisationId) {
      const found = new Map<string, string>();
      for (const key of await files.list(`payloads/${organisationId}/`)) {
        const bytes = (await files.get(key))?.bytes ?? new Uint8Array();
        found.set(key, (key.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8'));
      }
      return found;
    },
    async close() {
      await suite.close();
      await bucketOf.dispose();
    },
  };
}

/** The parts of a call that are deleted with its user, each value recognisable in any place. */
export const personalOf = (mark: string): GenerationContent => ({
  scene_description: `scene ${mark}`,
  session_id: `session ${mark}`,
  error_message: `error ${mark}`,
  ip_address: `ip ${mark}`,
  user_agent: `agent ${mark}`,
  ...payloadOf(mark),
});

export const payloadOf = (mark: string) => ({
  input_summary: `in ${mark}`,
  output_summary: `out "${mark}"\n\\ é\u2028`,
  request_data: { messages: [{ role: 'user', content: `request ${mark}` }], temperature: 0.1, seed: 1e21 },
  response_data: [`response ${mark}`, null, 12345678901234567890n.toString()],
});

export interface SentCall {
  readonly project_id: string;
  readonly key: string;
  readonly user_id?: string;
  readonly mark?: string;
  readonly received?: string;
  readonly content?: GenerationContent;
}

/** Adds calls to the hot store, undrained. Returns the ids. */
export const sendCalls = (suite: Suite, organisationId: string, calls: readonly SentCall[]): string[] =>
  sendGenerations(
    suite,
    organisationId,
    calls.map(({ project_id, key, user_id, mark, received = OLD, content }) => ({
      project_id,
      timestamp: received,
      content: {
        idempotency_key: key,
        ...(user_id !== undefined && { user_id }),
        ...(mark !== undefined && personalOf(mark)),
        ...content,
      },
    })),
  );

/** Adds plain events to the hot store. */
export function sendNamed(
  suite: Suite,
  organisationId: string,
  events: readonly { project_id: string; key: string; user_id: string | null; value?: string; at?: string }[],
): void {
  const insert = suite.sqlite.prepare(
    `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp, user_id, metadata,
       idempotency_key, fingerprint, ingested_at) VALUES (?, ?, ?, 'tokens.input', ?, 'token', ?, ?, '{}', ?, ?, ?)`,
  );
  suite.sqlite.exec('BEGIN');
  for (const { project_id, key, user_id, value = '1', at = OLD } of events) {
    const time = Date.parse(at);
    insert.run(
      uuidv7(time),
      organisationId,
      project_id,
      value,
      time,
      user_id,
      key,
      createHash('sha256').update(`${key} by ${user_id}`).digest('base64url'),
      time,
    );
  }
  suite.sqlite.exec('COMMIT');
}

/** Where a text occurs in the whole database: tables with the number of rows. */
export async function tracesOf({ rows }: RetentionSuite, text: string): Promise<Record<string, number>> {
  const tables = await rows<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
  );
  const found: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM ${name} t WHERE strpos(t::text, $1) > 0`,
      text,
    );
    if (row && row.n > 0) found[name] = row.n;
  }
  return found;
}

/** The common steps of the job's suites, each on its own ledger and bucket. */
export const actsOn = (of: () => RetentionSuite) => ({
  run: (now = NOW, hasTime = () => true) => runRetention(of().ctx(now), { as_of: Date.parse(now), hasTime }),
  archivesOf: (organisationId: string) =>
    of().rows(
      'SELECT * FROM ai_payload_archives WHERE organisation_id = $1 ORDER BY last_received_at, rows DESC',
      organisationId,
    ),
  async addCustomer({
    archive = 90,
    remove = 365,
  }: {
    archive?: number | null;
    remove?: number | null;
  } = {}) {
    const { organisation_id, projects } = await of().suite.addOrganisation();
    await of().rows(
      'UPDATE organisations SET ai_payload_archive_days = $2, ai_payload_delete_days = $3 WHERE id = $1',
      organisation_id,
      archive,
      remove,
    );
    return { organisation_id, project_id: projects[0] ?? '' };
  },
});

/** The payload of a call as the API answers it, from the ledger or from its archive. */
export async function readPayload(
  of: RetentionSuite,
  organisation_id: string,
  id: string,
): Promise<Record<string, unknown>> {
  const call = await getGeneration(of.ctx(), { organisation_id, id });
  const { input_summary, output_summary, request_data, response_data } = call;
  return { input_summary, output_summary, request_data, response_data };
}

/** Two users whose names and payloads occur nowhere else. */
export async function addPair({ suite }: RetentionSuite) {
  const { organisation_id, projects } = await suite.addOrganisation();
  const [project_id = '', second_id = ''] = projects;
  const [ann, bob] = [`ann"${randomUUID()}`, `bob ${randomUUID()}`];
  return { organisation_id, project_id, second_id, ann, bob, mark: `secret-${randomUUID()}` };
}

export async function rowIdOf(of: RetentionSuite, organisationId: string, userId: string): Promise<string> {
  const [row] = await of.rows<{ id: string }>(
    'SELECT id FROM users WHERE organisation_id = $1 AND user_id = $2',
    organisationId,
    userId,
  );
  if (!row) throw new Error(`no user ${userId}`);
  return row.id;
}
