/** The SQL of payloads and their archives. */
import { PAYLOADS } from '../../ai/generation-row.ts';
import type { Page, PageInput } from '../../core/page.ts';
import { bareArray, textArray } from '../../db/array-literal.ts';
import { CLOCK, insertOf, matching, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';
import {
  type Archive,
  type ArchiveLine,
  type ArchiveStatus,
  type ArchiveSums,
  type Manifest,
  SUM_FIELDS,
} from './archive.ts';

type ArchiveRow = Row<'ai_payload_archives'> & { status: ArchiveStatus };
type CallRow = Row<'ai_generations'>;

/** Must match the partial index. */
const HAS_PAYLOAD = `archive_id IS NULL AND (${PAYLOADS.map((name) => `${name} IS NOT NULL`).join(' OR ')})`;
const NO_PAYLOAD = PAYLOADS.map((name) => `${name} = NULL`).join(', ');

const utc = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
/** Built by Postgres and never parsed here, so that every number of a payload keeps its form. */
const LINE = `json_build_object('id', g.id, 'occurred_at', ${utc('g.occurred_at')}, 'ingested_at', ${utc('g.ingested_at')},
  ${PAYLOADS.map((name) => `'${name}', g.${name}`).join(', ')})::text`;
const digestOf = (text: string): string => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`;

export interface PayloadHolder extends Readonly<Pick<Row<'organisations'>, 'shard'>> {
  readonly organisation_id: Row<'organisations'>['id'];
  readonly archive_days: Row<'organisations'>['ai_payload_archive_days'];
  readonly delete_days: Row<'organisations'>['ai_payload_delete_days'];
}

/**
 * The organisations with a payload that is due, for archiving or deletion. Each costs a lookup in the partial
 * index. Platform reach.
 */
export const listDueHolders = (tx: LedgerTransaction, now: string): Promise<PayloadHolder[]> =>
  tx.query<PayloadHolder>(
    `SELECT o.id AS organisation_id, o.shard, o.ai_payload_archive_days AS archive_days,
       o.ai_payload_delete_days AS delete_days
     FROM organisations o WHERE EXISTS (
       SELECT 1 FROM ai_generations g WHERE g.organisation_id = o.id AND ${HAS_PAYLOAD}
         AND g.ingested_at < $1::timestamptz
           - make_interval(days => least(o.ai_payload_archive_days, o.ai_payload_delete_days)))
     ORDER BY o.id`,
    [now],
  );

export interface DueLine extends ArchiveLine {
  /** The hash of the line. */
  readonly digest: string;
}

/**
 * The oldest payloads received before an instant, all of one day of receipt (UTC), because a file expires as
 * a whole. As many as fit: the last may exceed the byte limit.
 */
export async function listDueLines(
  tx: LedgerTransaction,
  {
    organisation_id,
    before,
    rows,
    bytes,
  }: { organisation_id: string; before: string; rows: number; bytes: number },
): Promise<DueLine[]> {
  const [oldest] = await tx.query<{ day: string; next: string }>(
    `SELECT date_trunc('day', ingested_at, 'UTC') AS day, date_trunc('day', ingested_at, 'UTC') + interval '24 hours' AS next
     FROM ai_generations WHERE organisation_id = $1 AND ingested_at < $2 AND ${HAS_PAYLOAD} ORDER BY ingested_at LIMIT 1`,
    [organisation_id, before],
  );
  if (!oldest) return [];
  return await tx.query<
    Pick<CallRow, 'id' | 'occurred_at' | 'ingested_at'> & Pick<DueLine, 'text' | 'digest'>
  >(
    `SELECT id, occurred_at, ingested_at, text, ${digestOf('text')} AS digest FROM (
       SELECT *, sum(octet_length(text)) OVER (ORDER BY ingested_at, id) - octet_length(text) AS bytes_before FROM (
         SELECT g.id, g.occurred_at, g.ingested_at, ${LINE} AS text FROM ai_generations g
         WHERE organisation_id = $1 AND ingested_at >= $2 AND ingested_at < $3 AND ingested_at < $4 AND ${HAS_PAYLOAD}
         ORDER BY ingested_at, id LIMIT $5) AS due) AS sized
     WHERE bytes_before < $6 ORDER BY ingested_at, id`,
    [organisation_id, oldest.day, oldest.next, before, rows, bytes],
  );
}

const callsOf = (lines: readonly ArchiveLine[]): string[] => [
  bareArray(lines.map((line) => line.id)),
  bareArray(lines.map((line) => line.ingested_at)),
];

export async function sumCalls(
  tx: LedgerTransaction,
  organisationId: string,
  lines: readonly ArchiveLine[],
): Promise<ArchiveSums> {
  const sums = SUM_FIELDS.map((name) => `trim_scale(coalesce(sum(g.${name}::numeric), 0))::text AS ${name}`);
  const [row] = await tx.query<Record<keyof Pick<CallRow, keyof ArchiveSums>, string>>(
    `SELECT ${sums.join(', ')} FROM ai_generations g JOIN unnest($2::uuid[], $3::timestamptz[]) AS r(id, ingested_at)
       ON g.id = r.id AND g.ingested_at = r.ingested_at WHERE g.organisation_id = $1`,
    [organisationId, ...callsOf(lines)],
  );
  if (!row) throw new Error('a sum has a row');
  return row;
}

/** As `writing`: a file is written only if a row names it, so that none is forgotten. */
export async function insertArchive(tx: LedgerTransaction, manifest: Manifest): Promise<void> {
  const { text, values } = insertOf('ai_payload_archives', manifest);
  await tx.execute(text, values);
}

type ArchiveId = Pick<ArchiveRow, 'organisation_id' | 'id'>;

/** False if another run has abandoned it meanwhile. */
export async function keepArchive(
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
): Promise<boolean> {
  const { text, values } = updateOf(
    'ai_payload_archives',
    { status: 'kept', verified_at: CLOCK },
    { organisation_id, id, status: 'writing' },
  );
  return (await tx.execute(text, values)) > 0;
}

/** Removes the payloads that still match the lines; returns how many did. */
export const dropArchived = (
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
  lines: readonly DueLine[],
): Promise<number> =>
  tx.execute(
    `UPDATE ai_generations g SET ${NO_PAYLOAD}, archive_id = $2
     FROM unnest($3::uuid[], $4::timestamptz[], $5::text[]) AS r(id, ingested_at, digest)
     WHERE g.organisation_id = $1 AND g.id = r.id AND g.ingested_at = r.ingested_at AND g.archive_id IS NULL
       AND ${digestOf(LINE)} = r.digest`,
    [organisation_id, id, ...callsOf(lines), bareArray(lines.map((line) => line.digest))],
  );

/** Deletes payloads that are in no file; returns how many calls had one. */
export const dropPayloads = (
  tx: LedgerTransaction,
  { organisation_id, before, rows }: { organisation_id: string; before: string; rows: number },
): Promise<number> =>
  tx.execute(
    `UPDATE ai_generations g SET ${NO_PAYLOAD} FROM (
       SELECT id, ingested_at FROM ai_generations WHERE organisation_id = $1 AND ingested_at < $2 AND ${HAS_PAYLOAD}
       ORDER BY ingested_at LIMIT $3) AS r
     WHERE g.organisation_id = $1 AND g.id = r.id AND g.ingested_at = r.ingested_at`,
    [organisation_id, before, rows],
  );

const PAYLOAD_NAMES = `ARRAY[${PAYLOADS.map((name) => `'${name}'`).join(', ')}]`;
const OVERDUE = `received_at < $1::timestamptz - make_interval(days => o.ai_payload_delete_days)`;

// The condition must match the partial index.
/** Removes the payloads of expired calls that are listed as repetitions or conflicts. Platform reach. */
export const dropListedPayloads = (tx: LedgerTransaction, now: string): Promise<number> =>
  tx.execute(
    `UPDATE event_conflicts c SET event = jsonb_set(c.event, '{generation}', (c.event -> 'generation') - ${PAYLOAD_NAMES})
     FROM organisations o WHERE c.organisation_id = o.id AND c.${OVERDUE}
       AND c.event -> 'generation' ?| ${PAYLOAD_NAMES}`,
    [now],
  );

type QuarantinedEvent = Pick<Row<'event_quarantine'>, 'id' | 'event'>;

/** Expired quarantined rows that may still contain a payload. Platform reach. */
export const listQuarantinedPayloads = (tx: LedgerTransaction, now: string): Promise<QuarantinedEvent[]> =>
  tx.query<QuarantinedEvent>(
    `SELECT q.id, q.event FROM event_quarantine q JOIN organisations o ON o.id = q.organisation_id
     WHERE q.${OVERDUE} AND q.event ~ ANY (${PAYLOAD_NAMES}) ORDER BY q.id`,
    [now],
  );

export async function setQuarantinedEvents(
  tx: LedgerTransaction,
  rows: readonly QuarantinedEvent[],
): Promise<void> {
  await tx.execute(
    `UPDATE event_quarantine q SET event = r.event FROM unnest($1::text[], $2::text[]) AS r(id, event) WHERE q.id = r.id`,
    [textArray(rows.map(({ id }) => id)), textArray(rows.map(({ event }) => event))],
  );
}

/** Marks files for deletion once they have been kept as long as their organisation keeps payloads. Platform reach. */
export const expireArchives = (tx: LedgerTransaction, now: string): Promise<number> =>
  tx.execute(
    `UPDATE ai_payload_archives a SET status = 'deleting' FROM organisations o
     WHERE o.id = a.organisation_id AND a.status = 'kept'
       AND a.last_received_at < $1::timestamptz - make_interval(days => o.ai_payload_delete_days)`,
    [now],
  );

/**
 * Files to be removed: those that are due, and those that a run began and did not finish. By the ledger's own
 * clock: no run lasts a quarter of an hour, whatever `as_of` it was given.
 */
export const listUnsettled = (tx: LedgerTransaction): Promise<Archive[]> =>
  tx.query<ArchiveRow>(
    `SELECT * FROM ai_payload_archives WHERE status = 'deleting'
       OR (status = 'writing' AND created_at < clock_timestamp() - interval '15 minutes')
     ORDER BY created_at`,
  );

/** After this, no run can keep it any more. */
export async function giveUpArchive(
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
): Promise<void> {
  const { text, values } = updateOf(
    'ai_payload_archives',
    { status: 'deleting' },
    { organisation_id, id, status: 'writing' },
  );
  await tx.execute(text, values);
}

/** Records that the file is deleted. An archive that was never kept leaves no row. */
export async function settleArchive(
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
): Promise<void> {
  await tx.execute(
    `DELETE FROM ai_payload_archives WHERE organisation_id = $1 AND id = $2 AND status = 'deleting' AND verified_at IS NULL`,
    [organisation_id, id],
  );
  const { text, values } = updateOf(
    'ai_payload_archives',
    { status: 'deleted', deleted_at: CLOCK },
    { organisation_id, id, status: 'deleting' },
  );
  await tx.execute(text, values);
}

export async function countUnsettled(tx: LedgerTransaction, organisationId: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    `SELECT count(*) AS n FROM ai_payload_archives WHERE organisation_id = $1 AND status IN ('writing', 'deleting')`,
    [organisationId],
  );
  return row?.n ?? 0;
}

export async function findArchive(
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
): Promise<Archive | null> {
  const [row] = await tx.query<ArchiveRow>(
    'SELECT * FROM ai_payload_archives WHERE organisation_id = $1 AND id = $2',
    [organisation_id, id],
  );
  return row ?? null;
}

/** Archives that hold lines of deleted users. Platform reach. */
export const listArchivesOfErased = (
  tx: LedgerTransaction,
): Promise<(ArchiveId & Pick<Row<'organisations'>, 'shard'>)[]> =>
  tx.query<ArchiveId & Pick<Row<'organisations'>, 'shard'>>(
    `SELECT e.organisation_id, e.archive_id AS id, o.shard FROM (
       SELECT DISTINCT organisation_id, archive_id FROM ai_generations
       WHERE erased_at IS NOT NULL AND archive_id IS NOT NULL) AS e JOIN organisations o ON o.id = e.organisation_id
     ORDER BY e.organisation_id, e.archive_id`,
  );

export async function listErasedIn(
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
): Promise<Set<string>> {
  const rows = await tx.query<Pick<CallRow, 'id'>>(
    'SELECT id FROM ai_generations WHERE organisation_id = $1 AND archive_id = $2 AND erased_at IS NOT NULL',
    [organisation_id, id],
  );
  return new Set(rows.map((row) => row.id));
}

/** Clears the archive from the calls of deleted users. */
export const releaseErased = (tx: LedgerTransaction, { organisation_id, id }: ArchiveId): Promise<number> =>
  tx.execute(
    `UPDATE ai_generations SET archive_id = NULL
     WHERE organisation_id = $1 AND archive_id = $2 AND erased_at IS NOT NULL`,
    [organisation_id, id],
  );

/** Moves calls from one archive to its replacement; returns how many calls were in it and are not erased. */
export const moveCalls = (
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
  to: string,
  lines: readonly ArchiveLine[],
): Promise<number> =>
  tx.execute(
    `UPDATE ai_generations g SET archive_id = $3 FROM unnest($4::uuid[], $5::timestamptz[]) AS r(id, ingested_at)
     WHERE g.organisation_id = $1 AND g.archive_id = $2 AND g.id = r.id AND g.ingested_at = r.ingested_at
       AND g.erased_at IS NULL`,
    [organisation_id, id, to, ...callsOf(lines)],
  );

/** False if it is not kept any more. */
export async function replaceArchive(
  tx: LedgerTransaction,
  { organisation_id, id }: ArchiveId,
  by: string | null,
): Promise<boolean> {
  const { text, values } = updateOf(
    'ai_payload_archives',
    { status: 'deleting', replaced_by: by },
    { organisation_id, id, status: 'kept' },
  );
  return (await tx.execute(text, values)) > 0;
}

export const listArchives = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined },
  page: PageInput,
): Promise<Page<Archive>> =>
  listRows<ArchiveRow>(
    tx,
    {
      select: '*',
      from: 'ai_payload_archives',
      filters: matching('ai_payload_archives', filter, ['organisation_id']),
      key: 'id',
      order: 'asc',
    },
    page,
  );
