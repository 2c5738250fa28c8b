/** The laws, held against both stores once everything is at rest and drained. */
import { parseQuantity } from '../../src/core/decimal.ts';
import { keyOf } from '../../src/rollup/ports.ts';
import { checkGenerations, quantitiesOf } from './generation-laws.ts';
import { type Total, userKeyOf, whatOf } from './ledger-tables.ts';
import type { Known } from './oracle.ts';
import { Violation } from './scheduler.ts';
import type { World } from './world.ts';

function hold(law: string, holds: boolean, detail: () => string): void {
  if (!holds) throw new Violation(law, detail());
}

export function checkLaws(world: World): void {
  checkFates(world);
  checkKeys(world);
  checkConflicts(world);
  checkSums(world);
  checkGenerations(world);
  checkUsers(world);
  checkInvoices(world);
  checkBatches(world);
}

/** Law 1: exactly one fate for every row that was written, answered or not. */
function checkFates({ oracle, ledger, hot }: World): void {
  const check = (stream: 'events' | 'conflicts', known: Known<{ id: string; seq: number }>): void => {
    const fates = ledger.fatesOf(known.row.id);
    const cursor = ledger.cursor(null, 0, stream);
    const isPending = hot
      .table(stream)
      .rows.some((row) => row.id === known.row.id && row.seq > cursor.last_seq);
    if (isPending && fates.length === 0) fates.push('pending');
    hold('accepted means counted once', fates.length < 2, () => `${known.name} is ${fates.join(' and ')}`);
    hold(
      'accepted means counted once',
      fates.length === 1 || known.mayBeLost,
      () => `${known.name}, seq ${known.row.seq}, is nowhere (answered: ${known.ackedAt !== null})`,
    );
  };
  for (const known of oracle.events.values()) {
    check('events', known);
    const fates = ledger.fatesOf(known.row.id);
    hold(
      'what the ledger refuses is quarantined',
      !known.isPoison || !fates.includes('counted'),
      () => `${known.name} is counted`,
    );
    hold(
      'only what cannot be counted is quarantined',
      known.isPoison || !fates.includes('quarantined'),
      () => `${known.name} is ${ledger.quarantine.committed.get(known.row.id)?.reason}`,
    );
  }
  for (const known of oracle.conflicts.values()) check('conflicts', known);
}

/** No key twice, the first stays, and every key in the ledger stands for one event. */
function checkKeys({ oracle, ledger }: World): void {
  const seen = new Map<string, string>();
  for (const [id, { event }] of ledger.events.committed) {
    const key = keyOf(event);
    hold('no key is counted twice', !seen.has(key), () => `key ${key.slice(-4)}`);
    seen.set(key, id);
    hold(
      'the first stays',
      ledger.keys.committed.get(key)?.event_id === id &&
        oracle.events.get(id)?.row.metric_value === event.metric_value,
      () => `key ${key.slice(-4)}`,
    );
  }
  const keyed = [...ledger.quarantine.committed.values()].filter((row) => row.keyed).length;
  const { size } = ledger.keys.committed;
  hold(
    'keys = counted + keyed quarantined',
    size === seen.size + keyed,
    () => `${size} ≠ ${seen.size} + ${keyed}`,
  );
  for (const row of ledger.known.committed.values()) {
    const owner = oracle.events.get(row.first_event_id);
    if (row.kind === 'fill') {
      hold(
        'a fill is of the same call',
        owner !== undefined && keyOf(owner.row) === keyOf(row),
        () => row.id,
      );
      continue;
    }
    const isDuplicate = owner?.row.fingerprint === row.fingerprint;
    hold(
      'same content is a duplicate, other content a conflict',
      owner !== undefined && (row.kind === 'duplicate') === isDuplicate,
      () => `${row.kind} ${row.idempotency_key}`,
    );
  }
}

/** Law 2: every conflict in a response is also shown to the operator. */
function checkConflicts({ oracle, ledger }: World): void {
  const text = (of: { project_id: string; idempotency_key: string; fingerprint: string }): string =>
    `${keyOf(of)} ${of.fingerprint}`;
  const listed = new Set<string>();
  for (const known of oracle.conflicts.values()) {
    if (known.mayBeLost || ledger.fatesOf(known.row.id).length > 0) listed.add(text(known.row));
  }
  for (const sent of oracle.answered) {
    hold('every conflict answered is listed', listed.has(text(sent)), () => `key ${sent.idempotency_key}`);
  }
}

type Sums = Map<string, bigint>;
const add = (sums: Sums, key: string, quantity: bigint): void => {
  sums.set(key, (sums.get(key) ?? 0n) + quantity);
};

function assertEqual(
  law: string,
  left: ReadonlyMap<string, bigint>,
  right: ReadonlyMap<string, bigint>,
): void {
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [a, b] = [left.get(key) ?? 0n, right.get(key) ?? 0n];
    hold(law, a === b, () => `${key}: ${a} ≠ ${b}`);
  }
}

const monthKey = (of: { organisation_id: string; year: number; month: number }, what: string): string =>
  `${of.organisation_id.slice(-1)} ${of.year}-${of.month} ${what}`;

function sumOf(totals: Iterable<Total>): Sums {
  const sums: Sums = new Map();
  for (const total of totals) add(sums, monthKey(total, total.what), total.total);
  return sums;
}

/** Law 4: Σ events = aggregates + adjustments, at every level. */
function checkSums({ ledger }: World): void {
  const monthly = sumOf(ledger.monthly.committed.values());
  assertEqual('hourly = monthly', sumOf(ledger.hourly.committed.values()), monthly);
  assertEqual('daily = monthly', sumOf(ledger.daily.committed.values()), monthly);
  const booked: Sums = new Map(monthly);
  for (const sum of ledger.adjustments.committed.values()) add(booked, monthKey(sum, whatOf(sum)), sum.total);
  const events: Sums = new Map();
  for (const { event } of ledger.events.committed.values()) {
    const period = [...ledger.periods.committed.values()].find(
      (each) =>
        each.organisation_id === event.organisation_id &&
        each.starts_at <= event.timestamp &&
        event.timestamp < each.ends_at,
    );
    hold('every event has one period', period !== undefined, () => new Date(event.timestamp).toISOString());
    for (const [metric_name, unit, quantity] of quantitiesOf(
      event,
      parseQuantity(event.metric_value) ?? 0n,
    )) {
      if (period) add(events, monthKey(period, whatOf({ ...event, metric_name, unit })), quantity);
    }
  }
  assertEqual('events = aggregates + adjustments', events, booked);
}

/** Whoever is named by a counted event, or by a later arrival that filled it, is a user of its organisation, and nobody else is. */
function checkUsers({ ledger }: World): void {
  const named = new Set<string>();
  for (const { event } of ledger.events.committed.values()) {
    const { organisation_id } = event;
    const user_id = ledger.generations.committed.get(event.id)?.row.user_id ?? event.user_id;
    if (user_id !== null) named.add(userKeyOf({ organisation_id, user_id }));
  }
  const known = new Set(ledger.users.committed.keys());
  hold('who is named by an event is a user', named.isSubsetOf(known), () =>
    [...named.difference(known)].join(),
  );
  hold('who is named by no event is no user', known.isSubsetOf(named), () =>
    [...known.difference(named)].join(),
  );
}

/** §5.7: what was verified is what was frozen, it never changes again, and nothing from before the cutoff is outside. */
function checkInvoices({ ledger, oracle }: World): void {
  for (const { period, verified, frozen, firstAttemptAt } of ledger.invoices.committed.values()) {
    assertEqual('what was verified is what was invoiced', verified, frozen);
    assertEqual("a closed period's aggregates never change", frozen, ledger.quantities(null, period));
    for (const { event, adjustment_id } of ledger.events.committed.values()) {
      const known = oracle.events.get(event.id);
      if (adjustment_id === null || event.organisation_id !== period.organisation_id || !known) continue;
      const adjustment = ledger.adjustments.committed.get(adjustment_id);
      if (adjustment?.year !== period.year || adjustment.month !== period.month) continue;
      hold(
        'what was acknowledged before the cutoff is inside the period',
        known.ackedAt === null || known.ackedAt >= firstAttemptAt || known.mayBeLost,
        () => `${known.name} became an adjustment`,
      );
    }
  }
}

/** Batches follow one another without a gap from the first row of their epoch to the cursor. */
function checkBatches({ ledger }: World): void {
  const batches = [...ledger.batches.committed.values()].sort((a, b) => a.to_seq - b.to_seq);
  for (const stream of ['events', 'conflicts'] as const) {
    const cursor = ledger.cursor(null, 0, stream);
    for (let epoch = 1; epoch <= cursor.epoch; epoch++) {
      let end = 0;
      for (const batch of batches) {
        if (batch.stream !== stream || batch.epoch !== epoch) continue;
        hold(
          'batches are contiguous',
          batch.from_seq === end,
          () => `(${batch.from_seq}, ${batch.to_seq}] after ${end}`,
        );
        end = batch.to_seq;
      }
      if (epoch === cursor.epoch)
        hold(
          'batches are contiguous',
          end === cursor.last_seq,
          () => `end ${end}, cursor ${cursor.last_seq}`,
        );
    }
  }
}
