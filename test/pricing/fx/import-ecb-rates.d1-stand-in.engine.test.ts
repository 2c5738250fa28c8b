/** Imports ECB files into the suite's own database and checks which rates are then in force. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../src/core/error.ts';
import { PLATFORM, tenant } from '../../../src/db/ledger.ts';
import { findRates } from '../../../src/pricing/fx/find-rates.ts';
import { importEcbRates } from '../../../src/pricing/fx/import-ecb-rates.ts';
import { runDry } from '../../faults/sweep/swept-ledger.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { bytesOf, histOf } from './fx.ts';

const NOW = '2026-11-21T09:00:00Z';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('fx');
});
afterAll(() => suite.close());
beforeEach(async () => {
  await suite.owner.query('TRUNCATE exchange_rates');
});

const load = (text: string) => importEcbRates(suite.ctx(NOW), bytesOf(text));

/** `from..to rate` of one target. */
async function ranges(target: string): Promise<string[]> {
  const { rows } = await suite.owner.query(
    `SELECT concat(to_char(effective_from AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), '..',
       to_char(effective_to AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), ' ', rate) AS range
     FROM exchange_rates WHERE base_currency = 'EUR' AND target_currency = $1 ORDER BY effective_from`,
    [target],
  );
  return rows.map(({ range }) => range);
}
const everything = async (): Promise<unknown[]> =>
  (await suite.owner.query('SELECT * FROM exchange_rates ORDER BY id')).rows;
const audits = async (): Promise<{ organisation_id: string; changes: Record<string, unknown> }[]> =>
  (
    await suite.owner.query(
      "SELECT organisation_id, changes FROM audit_logs WHERE action = 'exchange_rate.import' ORDER BY seq",
    )
  ).rows;

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw error ?? new Error('nothing was refused');
}

const enter = (target: string, from: string, to: string | null, rate: string) =>
  suite.owner.query(
    `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, effective_to, source)
     VALUES (gen_random_uuid(), 'EUR', $1, $4, $2, $3, 'manual')`,
    [target, from, to, rate],
  );

const WEEK = histOf(
  ['USD', 'JPY', 'CYP'],
  [
    ['2026-11-18', '1.08', '160', 'N/A'],
    ['2026-11-19', '1.09', 'N/A', 'N/A'],
    ['2026-11-20', '1.1', '161.5', 'N/A'],
  ],
);

describe('an import', () => {
  test('has each rate in force from its day to the next of its currency, and the last without an end', async () => {
    const before = (await audits()).length;
    expect(await load(WEEK)).toEqual({
      imported: 5,
      unchanged: 0,
      skipped: ['CYP'],
      first_day: '2026-11-18',
      last_day: '2026-11-20',
    });
    expect(await ranges('USD')).toEqual([
      '11-18 00:00..11-19 00:00 1.08',
      '11-19 00:00..11-20 00:00 1.09',
      '11-20 00:00.. 1.1',
    ]);
    expect(await ranges('JPY')).toEqual(['11-18 00:00..11-20 00:00 160', '11-20 00:00.. 161.5']);
    const { rows } = await suite.owner.query(
      "SELECT source, metadata FROM exchange_rates WHERE target_currency = 'JPY' ORDER BY effective_from LIMIT 1",
    );
    expect(rows).toEqual([{ source: 'api', metadata: { provider: 'ecb', published: '2026-11-18' } }]);
    const written = (await audits()).slice(before);
    expect(written).toEqual([
      {
        organisation_id: '00000000-0000-0000-0000-000000000000',
        changes: {
          provider: 'ecb',
          sha256: createHash('sha256').update(WEEK).digest('hex'),
          imported: 5,
          ended: 0,
          unchanged: 0,
          skipped: ['CYP'],
          first_day: '2026-11-18',
          last_day: '2026-11-20',
        },
      },
    ]);
  });

  test('of the same file again changes nothing, and leaves no audit row', async () => {
    await load(WEEK);
    const [rows, audited] = [await everything(), (await audits()).length];
    expect(await load(WEEK)).toMatchObject({ imported: 0, unchanged: 5 });
    expect(await everything()).toEqual(rows);
    expect(await audits()).toHaveLength(audited);
  });

  test('of 9,000 rates takes no more statements than one of five', async () => {
    const callsOf = async (text: string) =>
      (await runDry(suite.ctx(NOW), (ctx) => importEcbRates(ctx, bytesOf(text)))).calls;
    const few = await callsOf(WEEK);
    await suite.owner.query('TRUNCATE exchange_rates');
    const codes =
      'BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB';
    const targets = [...codes.split(' '), ...'FJD FKP GBP GEL GHS'.split(' ')];
    const rows = Array.from({ length: 300 }, (_, day) => {
      const rates = targets.map((_code, column) => `${column + 1}.${1000 + day}`);
      return [new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10), ...rates] as const;
    });
    const many = await callsOf(histOf(targets, rows));
    expect((await everything()).length).toBe(9_000);
    expect(many).toEqual(few);
  });

  test('of a newer file closes the open ranges at its first new day and goes on', async () => {
    await load(WEEK);
    const daily = 'Date, USD, JPY, \n23 November 2026, 1.12, 162, \n';
    expect(await load(daily)).toMatchObject({ imported: 2, unchanged: 0, last_day: '2026-11-23' });
    expect((await ranges('USD')).slice(2)).toEqual(['11-20 00:00..11-23 00:00 1.1', '11-23 00:00.. 1.12']);
    expect((await audits()).at(-1)?.changes).toMatchObject({ imported: 2, ended: 2 });
  });

  test('of a day that was missed shortens the range around it', async () => {
    await load(histOf(['USD'], [['2026-11-18', '1.08']]));
    await load(histOf(['USD'], [['2026-11-20', '1.1']]));
    expect(await load(WEEK)).toMatchObject({ imported: 3, unchanged: 2 });
    expect(await ranges('USD')).toEqual([
      '11-18 00:00..11-19 00:00 1.08',
      '11-19 00:00..11-20 00:00 1.09',
      '11-20 00:00.. 1.1',
    ]);
  });

  test('with another rate for a day that is there imports nothing of the file', async () => {
    await load(WEEK);
    const [rows, audited] = [await everything(), (await audits()).length];
    const error = await refusalOf(
      load(
        histOf(
          ['BRL', 'USD'],
          [
            ['2026-11-19', '6', '1.0901'],
            ['2026-11-23', '6.1', '1.12'],
          ],
        ),
      ),
    );
    expect([error.code, error.errors.map(({ pointer }) => pointer)]).toEqual(['rate_overlap', ['/lines/3']]);
    expect(await everything()).toEqual(rows);
    expect(await audits()).toHaveLength(audited);
  });

  test('never ends what somebody entered', async () => {
    await enter('USD', '2026-11-19T00:00:00Z', null, '1.09');
    const before = await everything();
    const error = await refusalOf(load(WEEK));
    expect(error.errors.map(({ pointer }) => pointer)).toEqual(['/lines/2']);
    expect(await everything()).toEqual(before);
    await suite.owner.query("UPDATE exchange_rates SET effective_to = '2026-11-20T00:00:00Z'");
    expect(await load(WEEK)).toMatchObject({ imported: 4, unchanged: 1 });
  });

  test('that is malformed stores nothing', async () => {
    const error = await refusalOf(load('Date,USD\n2026-11-20,1.1\n2026-11-19,?\n'));
    expect([error.code, error.errors.map(({ pointer }) => pointer)]).toEqual([
      'invalid_request',
      ['/lines/3'],
    ]);
    expect((await refusalOf(importEcbRates(suite.ctx(NOW), new Uint8Array([0xff, 0xfe])))).code).toBe(
      'invalid_request',
    );
    expect(await everything()).toEqual([]);
  });

  test('beside another of the same file: each rate is imported once', async () => {
    const own = () =>
      importEcbRates({ ...suite.ctx(NOW), ledger: suite.ctx(NOW).openLedger() }, bytesOf(WEEK));
    const summaries = await Promise.all([own(), own(), own()]);
    expect(summaries.map(({ imported }) => imported).sort()).toEqual([0, 0, 5]);
  });
});

describe('the rate in force', () => {
  const at = (instant: string, ...pairs: (readonly [string, string])[]) =>
    suite.ctx(NOW).ledger.transaction(PLATFORM, async (tx) => {
      const wanted = pairs.map(([base, target]) => ({ base, target }));
      const found = await findRates(tx, wanted, Date.parse(instant));
      return pairs.map(([base, target]) => found.get(base, target)?.rate ?? null);
    });

  test.each<[string, string, string | null]>([
    ['before the first', '2026-11-17T23:59:59.999Z', null],
    ['at its first instant', '2026-11-18T00:00:00Z', '1.08'],
    ['to its last', '2026-11-18T23:59:59.999Z', '1.08'],
    ["on the next day the next day's", '2026-11-19T00:00:00Z', '1.09'],
    ["on Saturday Friday's", '2026-11-21T12:00:00Z', '1.1'],
    ["on Sunday Friday's", '2026-11-22T23:59:59.999Z', '1.1'],
    ["on Monday Monday's", '2026-11-23T00:00:00Z', '1.12'],
    ['long after the last', '2126-01-01T00:00:00Z', '1.12'],
  ])('%s', async (_, instant, expected) => {
    await load(WEEK);
    await load('Date, USD, \n23 November 2026, 1.12, \n');
    expect(await at(instant, ['EUR', 'USD'])).toEqual([expected]);
  });

  test('is never inverted, never found over a third currency, and not after its end', async () => {
    await load(WEEK);
    await enter('NOK', '2026-11-01T00:00:00Z', '2026-11-19T00:00:00Z', '11.5');
    const pairs = [
      ['USD', 'EUR'],
      ['USD', 'JPY'],
      ['EUR', 'NOK'],
      ['EUR', 'JPY'],
      ['EUR', 'EUR'],
    ] as const;
    expect(await at('2026-11-19T00:00:00Z', ...pairs)).toEqual([null, null, null, '160', null]);
  });

  test('of many pairs is one statement of steps in the index; a tenant may ask it', async () => {
    const { organisation_id } = await suite.addOrganisation();
    await load(WEEK);
    const statements: [string, readonly unknown[]][] = [];
    await suite.ctx(NOW).ledger.transaction(tenant(organisation_id), async (tx) => {
      const seen = {
        ...tx,
        query: <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
          statements.push([text, values]);
          return tx.query<Row>(text, values);
        },
      };
      const pairs = ['USD', 'JPY', 'USD', 'BRL'].map((target) => ({ base: 'EUR', target }));
      const found = await findRates(seen, pairs, Date.parse('2026-11-20T00:00:00Z'));
      expect(found.get('EUR', 'USD')).toEqual({
        id: expect.any(String),
        base_currency: 'EUR',
        target_currency: 'USD',
        rate: '1.1',
        effective_from: '2026-11-20T00:00:00.000Z',
        source: 'api',
        provider: 'ECB',
      });
      expect(found.get('EUR', 'BRL')).toBeNull();
      expect((await findRates(seen, [], Date.parse(NOW))).get('EUR', 'USD')).toBeNull();
    });
    expect(statements).toHaveLength(1);
    const [[text, values] = ['', []]] = statements;
    await suite.owner.query(
      `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, effective_to, source)
       SELECT gen_random_uuid(), 'EUR', 'MXN', 20, t, t + interval '1 day', 'api'
       FROM generate_series('2000-01-01'::timestamptz, '2026-01-01', '1 day') t`,
    );
    await suite.owner.query('ANALYZE exchange_rates');
    const { rows } = await suite.owner.query(`EXPLAIN ${text}`, values as unknown[]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('exchange_rates_pair');
    expect(plan).not.toContain('Seq Scan on exchange_rates');
  });
});
