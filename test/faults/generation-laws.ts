/**
 * The laws of AI calls, computed from the contents of the hot store with plain sums and none of the product's own
 * code.
 */

import { ARRIVAL_FIELDS } from '../../src/ai/fillable-fields.ts';
import { parseQuantity } from '../../src/core/decimal.ts';
import type { HotEvent } from '../../src/rollup/hot-event.ts';
import { type KnownEvent, keyOf } from '../../src/rollup/ports.ts';
import { Violation } from './scheduler.ts';
import type { World } from './world.ts';

interface Sent {
  readonly tokens: Readonly<Record<string, string | undefined>>;
  readonly cost_usd?: string;
  readonly duration_ms?: string | number;
  readonly [field: string]: unknown;
}

const ONE = 10n ** 12n;
const PAYLOADS: readonly string[] = ['input_summary', 'output_summary', 'request_data', 'response_data'];

function hold(law: string, holds: boolean, detail: () => string): void {
  if (!holds) throw new Violation(law, detail());
}

/** The paths of a hot row's fields. */
const PLACES =
  'provider model generation_type tokens user_id duration_ms session_id request_id response_id idempotency_key status ' +
  'application_id service_tier sku cost_usd error_code error_message scene_description ip_address user_agent ' +
  'input_summary output_summary request_data response_data';

const NAMES = PLACES.split(' ');
/** Cached, because several laws read each call for many rows. */
const known = new Map<string, Sent>();
const KNOWN_MAX = 10_000;

function sentOf(generation: string): Sent {
  const before = known.get(generation);
  if (before) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const sent = readSent(generation);
  known.set(generation, sent);
  return sent;
}

function readSent(generation: string): Sent {
  const [content] = JSON.parse(generation) as [unknown[]];
  const said = NAMES.map((name, place) => [name, content[place]] as const);
  const sent = Object.fromEntries(said.filter(([, value]) => value !== null && value !== undefined));
  const counts = String(sent['tokens']).split(' ');
  return {
    status: 'success',
    ...sent,
    tokens: Object.fromEntries(TOKENS.map((kind, at) => [kind, counts[at]])),
  };
}

const tokensOf = ({ tokens }: Sent, ...kinds: string[]): bigint =>
  kinds.reduce((sum, kind) => sum + BigInt(tokens[kind] ?? '0'), 0n);

/** In units of 10^-12 USD per token of the model that is in the book. */
const PRICES: readonly (readonly [bigint, ...kinds: string[]])[] = [
  [3_000_000n, 'input'],
  [15_000_000n, 'output', 'reasoning'],
  [300_000n, 'cache_read'],
  [3_750_000n, 'cache_write_5m'],
  [1n, 'cache_write_1h'],
];

/** The reported cost, else the book's, else none. */
function costOf(sent: Sent): bigint | null {
  if (sent.cost_usd !== undefined) {
    const [whole = '0', decimals = ''] = sent.cost_usd.split('.');
    return BigInt(whole + decimals.padEnd(12, '0'));
  }
  if (sent['model'] !== 'large') return null;
  return PRICES.reduce((sum, [price, ...kinds]) => sum + price * tokensOf(sent, ...kinds), 0n);
}

/** The metric, unit and quantity of everything that an event counts for, in units of 10^-12. */
export function quantitiesOf(event: HotEvent, own: bigint): [metric_name: string, unit: string, bigint][] {
  const all: [string, string, bigint][] = [[event.metric_name, event.unit, own]];
  if (event.generation === null) return all;
  const sent = sentOf(event.generation);
  const tokens: [string, bigint][] = [
    ['ai.input_tokens', tokensOf(sent, 'input')],
    ['ai.output_tokens', tokensOf(sent, 'output', 'reasoning')],
    ['ai.cache_read_tokens', tokensOf(sent, 'cache_read')],
    ['ai.cache_write_tokens', tokensOf(sent, 'cache_write_5m', 'cache_write_1h')],
  ];
  for (const [metric, count] of tokens) if (count > 0n) all.push([metric, 'token', count * ONE]);
  const cost = costOf(sent) ?? 0n;
  if (cost > 0n) all.push(['ai.cost_usd', 'usd', cost]);
  return all;
}

export function checkGenerations(world: World): void {
  checkRows(world);
  checkFills(world);
  checkAdjustments(world);
  checkStatistics(world);
}

function checkRows({ ledger }: World): void {
  for (const [id, { event }] of ledger.events.committed) {
    const row = ledger.generations.committed.get(id)?.row;
    hold('a counted call has its row', (event.generation !== null) === (row !== undefined), () => id);
    if (event.generation === null || !row) continue;
    const sent = sentOf(event.generation);
    const isSame =
      Object.entries(row.tokens).every(([kind, count]) => count === tokensOf(sent, kind)) &&
      row.cost_usd === costOf(sent) &&
      row.status === sent['status'];
    hold('what was counted of a call never changes', isSame, () => id);
  }
  for (const id of ledger.generations.committed.keys())
    hold('a call is of a counted event', ledger.events.committed.has(id), () => id);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The content of a listed event. Null if the event is not a call. */
function listedOf(row: KnownEvent): Sent | null {
  return (JSON.parse(row.event) as { generation?: Sent }).generation ?? null;
}

/** A row whose organisation differs from its key's organisation fills nothing. */
const arrivalKeyOf = (row: HotEvent | KnownEvent): string => `${row.organisation_id} ${keyOf(row)}`;

function checkFills({ ledger }: World): void {
  const arrivals = new Map<string, Sent[]>();
  for (const row of ledger.known.committed.values()) {
    const sent = listedOf(row);
    if (row.kind === 'conflict' || !sent) continue;
    const key = arrivalKeyOf(row);
    arrivals.set(key, [...(arrivals.get(key) ?? []), sent]);
    const storesNoPayloads = ledger.payloadsOff.has(row.organisation_id);
    hold(
      'who keeps no payloads keeps none',
      !storesNoPayloads || PAYLOADS.every((name) => sent[name] === undefined),
      () => row.id,
    );
  }
  for (const [id, { event, row }] of ledger.generations.committed) {
    const first = sentOf(event.generation ?? '');
    const storesNoPayloads = ledger.payloadsOff.has(event.organisation_id);
    for (const name of ARRIVAL_FIELDS) {
      const found = row[name]?.toString() ?? null;
      const own = first[name];
      const later = (arrivals.get(arrivalKeyOf(event)) ?? []).flatMap((sent) => sent[name] ?? []);
      if (storesNoPayloads && PAYLOADS.includes(name)) {
        hold('who keeps no payloads keeps none', found === null, () => `${id} ${name}`);
        continue;
      }
      const expected = own === undefined ? later : [own];
      const isText = name !== 'request_data' && name !== 'response_data';
      const texts = expected.map((value) => (isText ? textOf(value) : JSON.stringify(value)));
      hold(
        'a later arrival fills what is empty, and nothing else',
        texts.length === 0 ? found === null : found !== null && texts.includes(found),
        () => `${id} ${name}: ${found}, not ${texts}`,
      );
    }
  }
}

/** Each adjustment equals the sum of the events and quantities that name it. */
function checkAdjustments({ ledger }: World): void {
  const sums = new Map<string, bigint>();
  const add = (id: string | null | undefined, quantity: bigint): void => {
    if (id) sums.set(id, (sums.get(id) ?? 0n) + quantity);
  };
  for (const [id, { event, adjustment_id }] of ledger.events.committed) {
    const generation = ledger.generations.committed.get(id);
    const own = parseQuantity(event.metric_value) ?? 0n;
    add(adjustment_id, own);
    if (!generation) continue;
    const isLate = adjustment_id !== null;
    hold('a call is late as a whole', isLate === (generation.adjustment_ids !== null), () => id);
    for (const [metric, , quantity] of quantitiesOf(event, own).slice(1))
      add(generation.adjustment_ids?.[metric], quantity);
  }
  for (const [id, { total }] of ledger.adjustments.committed)
    hold(
      'an adjustment is the sum of what names it',
      sums.get(id) === total,
      () => `${sums.get(id)} ≠ ${total}`,
    );
}

function checkStatistics({ ledger }: World): void {
  const sums = new Map<string, bigint[]>();
  for (const { event, row, day } of ledger.generations.committed.values()) {
    const sent = sentOf(event.generation ?? '');
    const of = [row.user_id ?? '', sent['generation_type'], sent['provider'], sent['model']];
    const key = [event.organisation_id, day, ...of].join(' ');
    const isGood = sent['status'] === 'success';
    const { duration_ms } = row;
    const cost = costOf(sent);
    const own = [1n, isGood ? 1n : 0n, cost ?? 0n, cost === null ? 0n : 1n];
    own.push(duration_ms ?? 0n, duration_ms === null ? 0n : 1n);
    own.push(...TOKENS.map((kind) => tokensOf(sent, kind)));
    const old = sums.get(key);
    sums.set(key, old ? own.map((value, index) => value + (old[index] ?? 0n)) : own);
  }
  // The product deletes the row of a day that has no calls left; the simulation keeps it with zeros.
  const committed = new Map([...ledger.statistics.committed].filter(([, sum]) => sum.total_requests !== 0));
  hold('statistics = calls', sums.size === committed.size, () => `${sums.size} ≠ ${committed.size}`);
  for (const [key, sum] of committed) {
    const { total_requests, success_requests, cost_usd, cost_count, duration_ms_sum, duration_count } = sum;
    const said = [
      BigInt(total_requests),
      BigInt(success_requests),
      cost_usd,
      BigInt(cost_count),
      duration_ms_sum,
      BigInt(duration_count),
    ];
    said.push(...TOKENS.map((kind) => sum.tokens[kind]));
    hold(
      'statistics = calls',
      said.join() === sums.get(key)?.join(),
      () => `${key}: ${said} ≠ ${sums.get(key)}`,
    );
    hold(
      'statistics = calls',
      success_requests + sum.failed_requests === total_requests,
      () => `${key}: ${success_requests} and ${sum.failed_requests} of ${total_requests}`,
    );
  }
}

const TOKENS = ['input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'reasoning'] as const;
