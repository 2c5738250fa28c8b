import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { AppError, type Fault, invalidRequest } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { formatInstant, startOfDay } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, PLATFORM } from '../../db/ledger.ts';
import { ECB_BASE, type EcbRates, type Publication, parseEcbRates } from './parse-ecb-rates.ts';
import { planImport } from './plan-import.ts';
import {
  endRates,
  insertPublishedRates,
  type KnownRate,
  listKnownRates,
  lockRates,
  type PublishedRate,
} from './store.ts';

export interface ImportSummary {
  /** `imported` counts new rates; `unchanged` counts days already stored with the same rate. */
  readonly imported: number;
  readonly unchanged: number;
  /** Codes in the file that are not active currencies. */
  readonly skipped: readonly string[];
  readonly first_day: string;
  readonly last_day: string;
}

const PROVIDER = 'ecb';
const CONFLICTS_SHOWN = 100;

/** The ECB's whole history (7,000 days) of three currencies. Bounds the size of a statement and the memory in use. */
const RATES_PER_STATEMENT = 21_000;

/**
 * Imports an ECB file completely or not at all. A file with nothing new changes nothing and leaves no audit row.
 * Throws `invalid_request` with the malformed lines, `rate_overlap` with the lines whose day has a different stored
 * rate.
 */
export async function importEcbRates(ctx: Ctx, bytes: Uint8Array): Promise<ImportSummary> {
  const rates = parseEcbRates(decode(bytes));
  const counts = { imported: 0, ended: 0, unchanged: 0 };
  const conflicts: Fault[] = [];
  const summary = (): ImportSummary => ({
    imported: counts.imported,
    unchanged: counts.unchanged,
    skipped: rates.skipped,
    first_day: rates.first_day,
    last_day: rates.last_day,
  });
  await ctx.ledger.transaction(PLATFORM, async (tx) => {
    await lockRates(tx);
    for (const targets of groupTargets(rates)) {
      const { inserts, ends, unchanged, faults } = await decideTargets(tx, ctx.now, rates, targets);
      counts.unchanged += unchanged;
      conflicts.push(...faults);
      if (conflicts.length > 0) continue;
      if (ends.length > 0) counts.ended += await endRates(tx, ends);
      if (inserts.length > 0) counts.imported += await insertPublishedRates(tx, ECB_BASE, PROVIDER, inserts);
    }
    if (conflicts.length > 0) {
      const detail = `${conflicts.length} of these rates differ from stored rates. Nothing was imported.`;
      throw new AppError('rate_overlap', detail, { errors: conflicts.slice(0, CONFLICTS_SHOWN) });
    }
    if (counts.imported === 0) return;
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'exchange_rate_import',
      entity_id: uuidv7(ctx.now),
      action: 'exchange_rate.import',
      changes: { provider: PROVIDER, sha256: sha256Hex(bytes), ended: counts.ended, ...summary() },
    });
  });
  return summary();
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const detail = 'The file is not valid UTF-8.';
    throw invalidRequest([{ pointer: '', code: 'invalid_format', detail }]);
  }
}

/**
 * The currencies in the file that have rates, in groups of at most RATES_PER_STATEMENT rates but at least one
 * currency.
 */
function groupTargets({ publications }: EcbRates): string[][] {
  const groups: string[][] = [];
  let size = RATES_PER_STATEMENT;
  for (const [target, { length }] of publications) {
    if (length === 0) continue;
    size += length;
    if (size > RATES_PER_STATEMENT) {
      groups.push([]);
      size = length;
    }
    groups.at(-1)?.push(target);
  }
  return groups;
}

async function decideTargets(
  tx: LedgerTransaction,
  now: number,
  { publications, first_day }: EcbRates,
  targets: readonly string[],
): Promise<{
  inserts: PublishedRate[];
  ends: { id: string; at: number }[];
  unchanged: number;
  faults: Fault[];
}> {
  const after = formatInstant(startOfDay(first_day, 'UTC'));
  const known = new Map<string, KnownRate[]>(targets.map((target) => [target, []]));
  for (const row of await listKnownRates(tx, ECB_BASE, targets, after, PROVIDER)) {
    known.get(row.target_currency)?.push(row);
  }
  const inserts: PublishedRate[] = [];
  const ends: { id: string; at: number }[] = [];
  const faults: Fault[] = [];
  let unchanged = 0;
  for (const target_currency of targets) {
    const plan = planImport(known.get(target_currency) ?? [], publications.get(target_currency) ?? []);
    unchanged += plan.unchanged;
    for (const end of plan.ends) ends.push(end);
    for (const { publication, rate } of plan.conflicts) {
      faults.push(conflictOf(target_currency, publication, rate));
    }
    for (const { publication, to_ms } of plan.inserts) {
      inserts.push({
        id: uuidv7(now),
        target_currency,
        rate: publication.rate,
        day: publication.day,
        effective_to: to_ms === null ? null : formatInstant(to_ms),
      });
    }
  }
  return { inserts, ends, unchanged, faults };
}

const conflictOf = (target: string, { day, rate, line }: Publication, known: string): Fault => ({
  pointer: `/lines/${line}`,
  code: 'rate_overlap',
  detail: `${ECB_BASE} to ${target} on ${day}: ${rate} in the file, but ${known} is stored.`,
});
