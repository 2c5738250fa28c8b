/**
 * The SQL of exchange rates. They belong to no organisation: every tenant reads them, only the platform writes
 * them.
 */
import type { Page, PageInput } from '../../core/page.ts';
import { bareArray, instantArray } from '../../db/array-literal.ts';
import { columns, insertOf, matching, NOW, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';
import type { CurrencyPair, ExchangeRate, RateSource } from './exchange-rate.ts';

type RateRow = Row<'exchange_rates'> & { source: RateSource };

export interface RateInForce
  extends Pick<
    ExchangeRate,
    'id' | 'base_currency' | 'target_currency' | 'rate' | 'effective_from' | 'source'
  > {
  /** The publisher in capitals ('ECB') if an import recorded one, else the source. */
  readonly provider: string;
}

/** Serialises writers, so what a writer has read of a pair still holds when it writes. Readers are not blocked. */
export const lockRates = async (tx: LedgerTransaction): Promise<void> => {
  await tx.execute('LOCK TABLE exchange_rates IN SHARE ROW EXCLUSIVE MODE');
};

export async function insertRate(
  tx: LedgerTransaction,
  row: Omit<ExchangeRate, 'created_at' | 'updated_at'>,
): Promise<ExchangeRate> {
  const { text, values } = insertOf('exchange_rates', row);
  const [inserted] = await tx.query<RateRow>(`${text} RETURNING *`, values);
  if (!inserted) throw new Error('the rate was not inserted');
  return inserted;
}

export async function findRate(tx: LedgerTransaction, id: string): Promise<ExchangeRate | null> {
  const [row] = await tx.query<RateRow>('SELECT * FROM exchange_rates WHERE id = $1', [id]);
  return row ?? null;
}

export async function setRateEnd(
  tx: LedgerTransaction,
  id: string,
  effectiveTo: string,
): Promise<ExchangeRate> {
  const { text, values } = updateOf('exchange_rates', { effective_to: effectiveTo, updated_at: NOW }, { id });
  const [row] = await tx.query<RateRow>(`${text} RETURNING *`, values);
  if (!row) throw new Error('the rate was not ended');
  return row;
}

/** `at`: only rates in force at that instant. */
export const listRates = (
  tx: LedgerTransaction,
  filter: {
    base_currency?: string | undefined;
    target_currency?: string | undefined;
    source?: string | undefined;
    at?: string | undefined;
  },
  page: PageInput,
): Promise<Page<ExchangeRate>> =>
  listRows<RateRow>(
    tx,
    {
      select: '*',
      from: 'exchange_rates',
      filters: [
        ...matching('exchange_rates', filter, ['base_currency', 'target_currency', 'source']),
        ['effective_from <=', filter.at],
        ["coalesce(effective_to, 'infinity') >", filter.at],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

/**
 * Ranges of a pair never overlap, so only the one that began last can be in force. This takes one index lookup per
 * pair; a condition on both ends would read the pair's whole history (7,000 rows for an ECB currency).
 */
export const selectRatesAt = (
  tx: LedgerTransaction,
  pairs: readonly CurrencyPair[],
  at: string,
): Promise<RateInForce[]> =>
  tx.query<CurrencyPair & Pick<RateRow, 'id' | 'rate' | 'effective_from' | 'source'> & { provider: string }>(
    `SELECT last.id, pair.base_currency, pair.target_currency, last.rate, last.effective_from, last.source,
       CASE WHEN last.source = 'api' AND last.metadata ->> 'provider' ~ '^[A-Za-z0-9 ._-]{1,40}$'
         THEN upper(last.metadata ->> 'provider') ELSE last.source END AS provider
     FROM unnest($1::text[], $2::text[]) AS pair(base_currency, target_currency)
     CROSS JOIN LATERAL (
       SELECT id, rate, effective_from, effective_to, source, metadata FROM exchange_rates r
       WHERE r.base_currency = pair.base_currency AND r.target_currency = pair.target_currency AND r.effective_from <= $3
       ORDER BY r.effective_from DESC LIMIT 1) AS last
     WHERE last.effective_to IS NULL OR last.effective_to > $3`,
    [
      bareArray(pairs.map(({ base_currency }) => base_currency)),
      bareArray(pairs.map(({ target_currency }) => target_currency)),
      at,
    ],
  );

/** A stored range of a base currency, in epoch milliseconds. Rows as arrays would not be smaller. */
export interface KnownRate {
  readonly id: string;
  readonly target_currency: string;
  readonly rate: string;
  readonly from_ms: number;
  readonly to_ms: number | null;
  /** Whether an import from this provider created it. */
  readonly is_published: boolean;
}

/** All ranges of a base currency to these targets that end after an instant, sorted by target and time. */
export const listKnownRates = (
  tx: LedgerTransaction,
  base: string,
  targets: readonly string[],
  after: string,
  provider: string,
): Promise<KnownRate[]> =>
  tx.query<
    Pick<RateRow, 'id' | 'target_currency' | 'rate'> & Pick<KnownRate, 'from_ms' | 'to_ms' | 'is_published'>
  >(
    `SELECT id, target_currency, rate, (extract(epoch FROM effective_from) * 1000)::bigint AS from_ms,
       (extract(epoch FROM effective_to) * 1000)::bigint AS to_ms,
       source = 'api' AND metadata ->> 'provider' = $4 AS is_published
     FROM exchange_rates
     WHERE base_currency = $1 AND target_currency = ANY ($2::text[]) AND (effective_to IS NULL OR effective_to > $3)
     ORDER BY target_currency, effective_from`,
    [base, bareArray(targets), after, provider],
  );

/** `at` in epoch milliseconds. */
export const endRates = (
  tx: LedgerTransaction,
  ends: readonly { readonly id: string; readonly at: number }[],
): Promise<number> =>
  tx.execute(
    `UPDATE exchange_rates r SET effective_to = ended.at, updated_at = now()
     FROM unnest($1::uuid[], $2::timestamptz[]) AS ended(id, at) WHERE r.id = ended.id`,
    [bareArray(ends.map(({ id }) => id)), instantArray(ends.map(({ at }) => at))],
  );

export interface PublishedRate {
  readonly id: string;
  readonly target_currency: string;
  readonly rate: string;
  /** `YYYY-MM-DD`; in force from the day's first instant, UTC. */
  readonly day: string;
  /** RFC 3339; null if open-ended. */
  readonly effective_to: string | null;
}

const PUBLISHED = columns('exchange_rates', [
  'id',
  'base_currency',
  'target_currency',
  'rate',
  'effective_from',
  'effective_to',
  'source',
  'metadata',
]);

export const insertPublishedRates = (
  tx: LedgerTransaction,
  base: string,
  provider: string,
  rates: readonly PublishedRate[],
): Promise<number> =>
  tx.execute(
    `INSERT INTO exchange_rates (${PUBLISHED})
     SELECT id, $1, target_currency, rate, day::timestamp AT TIME ZONE 'UTC', effective_to, 'api',
       jsonb_build_object('provider', $2::text, 'published', day)
     FROM unnest($3::uuid[], $4::text[], $5::numeric[], $6::date[], $7::timestamptz[])
       AS r(id, target_currency, rate, day, effective_to)`,
    [
      base,
      provider,
      bareArray(rates.map(({ id }) => id)),
      bareArray(rates.map(({ target_currency }) => target_currency)),
      bareArray(rates.map(({ rate }) => rate)),
      bareArray(rates.map(({ day }) => day)),
      bareArray(rates.map(({ effective_to }) => effective_to)),
    ],
  );
