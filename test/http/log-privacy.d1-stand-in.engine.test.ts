/**
 * Values of a row are never logged: each statement of a request fails once, like a Postgres failure, with its
 * values in the error.
 */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { bootstrapAdmin } from '../../src/access/bootstrap-admin.ts';
import { hashKey } from '../../src/access/key.ts';
import type { Ledger, LedgerTransaction } from '../../src/db/ledger.ts';
import { createApiApp } from '../../src/http/api-app.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';
import { adminKey } from '../setup/client.ts';

const NOW = '2026-11-02T10:00:00.000Z';
const PLANTED = 'planted-personal-value';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('log_privacy');
  const { ledger, now } = suite.ctx(NOW);
  await bootstrapAdmin(ledger, { key: adminKey, now });
});
afterAll(() => suite.close());
afterEach(() => vi.restoreAllMocks());

/** The ledger whose n-th statement fails on a value that Postgres cannot read and that its error quotes. */
function failingAt(ledger: Ledger, n: number): { ledger: Ledger; hasFailed: () => boolean } {
  let statements = 0;
  let failed = false;
  const fail = async (tx: LedgerTransaction, values: readonly unknown[] = []): Promise<void> => {
    if (++statements !== n) return;
    failed = true;
    await tx.query('SELECT $1::text::int', [`${PLANTED} ${JSON.stringify(values)}`]);
  };
  return {
    hasFailed: () => failed,
    ledger: {
      close: () => ledger.close(),
      transaction: (reach, work) =>
        ledger.transaction(reach, (tx) =>
          work({
            ...tx,
            query: async (text, values) => {
              await fail(tx, values);
              return tx.query(text, values);
            },
            execute: async (text, values) => {
              await fail(tx, values);
              return tx.execute(text, values);
            },
          }),
        ),
    },
  };
}

test.each([
  [
    'POST',
    '/v1/admin/organisations',
    { name: PLANTED, billing_email: `${PLANTED}@example.com`, currency: 'USD' },
  ],
  ['POST', '/v1/admin/users', { user_id: PLANTED, first_name: PLANTED, email: `${PLANTED}@example.com` }],
  ['GET', `/v1/admin/usage-events?user_id=${PLANTED}`, undefined],
] as const)('%s %s', async (method, path, fields) => {
  const { organisation_id } = await suite.addOrganisation();
  const logged: string[] = [];
  for (const name of ['error', 'warn', 'log', 'info'] as const)
    vi.spyOn(console, name).mockImplementation((...words) => void logged.push(words.map(String).join(' ')));
  const app = createApiApp();
  const ctx = suite.ctx(NOW);
  for (let n = 1; ; n++) {
    const failing = failingAt(ctx.openLedger(), n);
    const body = fields && { ...fields, ...(path.endsWith('users') && { organisation_id }) };
    const response = await app.fetch(
      new Request(`http://meterbook.test${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      }),
      {
        ...ctx,
        outside: ctx,
        openLedger: () => failing.ledger,
        settings: {
          clock: () => ctx.now,
          testClock: false,
          schedules: false,
          retentionHours: 168,
          budgetMs: 1_000,
        },
        waitUntil: () => undefined,
      },
    );
    const answer = await response.text();
    if (!failing.hasFailed()) {
      expect(response.status, answer).toBeLessThan(300);
      expect(n).toBeGreaterThan(1);
      break;
    }
    // The publish after the commit is left to its job: the request has succeeded by then.
    if (response.status >= 300) expect(response.status, answer).toBe(500);
    expect(answer).not.toContain('invalid input syntax');
  }
  const log = logged.join('\n');
  expect(log).toContain('Postgres 22P02');
  expect(log).not.toContain(PLANTED);
  expect(log).not.toContain(hashKey(adminKey));
});
