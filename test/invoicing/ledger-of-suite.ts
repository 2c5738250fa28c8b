/** The suite's own ledger database in the run's cluster, a stand-in for D1, and the actions of its customers. */
import type { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';
import type { Actor } from '../../src/core/actor.ts';
import { uuidv7 } from '../../src/core/id.ts';
import type { Outside } from '../../src/core/ports.ts';
import type { Ctx } from '../../src/db/ctx.ts';
import { type Ledger, openLedger } from '../../src/db/ledger.ts';
import { runRollup } from '../../src/rollup/run-rollup.ts';
import { openD1StandIn } from '../setup/d1-stand-in.ts';
import { createDatabase } from '../setup/own-database.ts';

export const SHARD = 0;
const SELLER = '00000000-0000-7000-8000-000000000001';

export interface UsageInput {
  readonly project_id: string;
  readonly metric_name?: string;
  readonly unit?: string;
  readonly metric_value: string;
  readonly timestamp: string;
  readonly idempotency_key?: string;
}

export interface OrganisationInput {
  readonly currency?: string;
  readonly timezone?: string;
  readonly block_unpriced?: boolean;
  readonly grace_hours?: number;
  readonly is_active?: boolean;
}

export interface Suite {
  /** As the database owner, bypassing row-level security. */
  readonly owner: pg.Client;
  ctx(now: string, fields?: Partial<Ctx>): Ctx;
  addOrganisation(input?: OrganisationInput): Promise<{ organisation_id: string; projects: string[] }>;
  addPlan(fields: Record<string, unknown>): Promise<string>;
  /** Writes to the hot store like ingest. */
  sendEvents(organisationId: string, events: readonly UsageInput[]): void;
  /** The raw hot store, for rows that `sendEvents` cannot make. */
  readonly sqlite: DatabaseSync;
  drain(now?: string): Promise<void>;
  close(): Promise<void>;
}

const ACTOR: Actor = { kind: 'system', job: 'test' };

/** No invoicing verb calls outside: documents are sent through the outbox. */
const refuse = async (): Promise<never> => {
  throw new Error('nothing leaves from here');
};
const OUTSIDE: Outside = {
  files: { get: refuse, putIfAbsent: refuse, list: refuse, delete: refuse },
  mailer: { send: refuse },
  loadFonts: refuse,
  publicUrl: 'https://billing.example.com',
  emailFrom: 'billing@example.com',
};

export async function openSuite(name: string): Promise<Suite> {
  const database = await createDatabase(`suite_${name}`);
  const { owner, appUrl } = database;
  const { hot, sqlite } = openD1StandIn();
  const ledger = openLedger(appUrl);
  const opened: Ledger[] = [ledger];
  let keys = 0;

  const ctx = (now: string, fields: Partial<Ctx> = {}): Ctx => ({
    now: Date.parse(now),
    requestId: 'req_test',
    actor: ACTOR,
    ipAddress: null,
    userAgent: null,
    ledger,
    openLedger: () => {
      const next = openLedger(appUrl);
      opened.push(next);
      return next;
    },
    directory: hot,
    shards: new Map([[SHARD, hot]]),
    ...OUTSIDE,
    ...fields,
  });

  return {
    owner,
    sqlite,
    ctx,
    async addOrganisation({
      currency = 'USD',
      timezone = 'UTC',
      block_unpriced = false,
      grace_hours = 48,
      is_active = true,
    } = {}) {
      const organisation_id = uuidv7(1);
      const projects = [uuidv7(2), uuidv7(3)].sort();
      await owner.query(
        `INSERT INTO organisations (id, name, billing_email, currency, timezone, billing_entity_id, block_unpriced, shard,
           grace_hours, is_active)
         VALUES ($1, 'Acme', 'a@example.com', $2, $3, $4, $5, $6, $7, $8)`,
        [organisation_id, currency, timezone, SELLER, block_unpriced, SHARD, grace_hours, is_active],
      );
      await owner.query(
        `INSERT INTO billing_calendars (organisation_id, from_year, from_month, timezone, currency)
         VALUES ($1, 2000, 1, $2, $3)`,
        [organisation_id, timezone, currency],
      );
      for (const id of projects) {
        await owner.query(`INSERT INTO projects (organisation_id, id, name) VALUES ($1, $2, 'p')`, [
          organisation_id,
          id,
        ]);
      }
      return { organisation_id, projects };
    },
    async addPlan(fields) {
      const id = uuidv7(4);
      const row = {
        unit: 'token',
        currency: 'USD',
        charge_model: 'per_unit',
        effective_from: '2020-01-01',
        created_at: '2020-01-01T00:00:00Z',
        ...fields,
        ...('tiers' in fields && { tiers: JSON.stringify(fields['tiers']) }),
      };
      const names = Object.keys(row);
      await owner.query(
        `INSERT INTO pricing_plans (id, ${names.join(', ')}) VALUES ($1, ${names.map((_, i) => `$${i + 2}`).join(', ')})`,
        [id, ...Object.values(row)],
      );
      return id;
    },
    sendEvents(organisation_id, events) {
      const insert = sqlite.prepare(
        `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp, metadata,
           idempotency_key, fingerprint, ingested_at) VALUES (?, ?, ?, ?, ?, ?, ?, '{}', ?, ?, ?)`,
      );
      sqlite.exec('BEGIN');
      for (const event of events) {
        const timestamp = Date.parse(event.timestamp);
        const key = event.idempotency_key ?? `key\\${keys++}"ü`;
        insert.run(
          uuidv7(timestamp),
          organisation_id,
          event.project_id,
          event.metric_name ?? 'tokens.input',
          event.metric_value,
          event.unit ?? 'token',
          timestamp,
          key,
          key.padEnd(43, 'x').slice(0, 43),
          timestamp,
        );
      }
      sqlite.exec('COMMIT');
    },
    async drain(now = '2026-11-21T00:00:00Z') {
      const { openLedger: open, shards } = ctx(now);
      const result = await runRollup({ shards, openLedger: open, now: Date.parse(now), hasTime: () => true });
      if (result.status !== 'succeeded' || result.n_quarantined > 0) throw new Error(JSON.stringify(result));
    },
    async close() {
      for (const each of opened) await each.close();
      sqlite.close();
      await database.close();
    },
  };
}

/** An organisation with 100 and 50.5 tokens in September 2026 in two projects, at 0.01. */
export async function septemberOf(suite: Suite, fields: OrganisationInput = {}) {
  const { organisation_id, projects } = await suite.addOrganisation(fields);
  const [a = '', b = ''] = projects;
  const plan = await suite.addPlan({ organisation_id, metric_name: 'tokens.input', price_per_unit: '0.01' });
  suite.sendEvents(organisation_id, [
    { project_id: a, metric_value: '100', timestamp: '2026-09-01T00:00:00Z' },
    { project_id: b, metric_value: '50.5', timestamp: '2026-09-30T23:59:59.999Z' },
  ]);
  await suite.drain();
  return { organisation_id, a, b, plan };
}
