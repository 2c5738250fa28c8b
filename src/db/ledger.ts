/**
 * The connection to Postgres: one client per request or job, every statement inside a transaction with a
 * known reach.
 *
 * All code locks rows in this order: the cursors of a shard (conflicts, then events), billing periods by
 * organisation and month, the organisation, its invoice, plans and rates, the counter of a seller's numbers,
 * the audit chain.
 */
import pg from 'pg';
import { AppError, assert } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import { instantText } from './instant-text.ts';
import { isEndedForAnother } from './sql-state.ts';

/**
 * Which rows a transaction can see. `tenant`: one organisation, enforced by row-level security. `platform`:
 * all, for the drain, the jobs and data that belongs to no organisation. The login role itself can read
 * nothing.
 */
export type Reach =
  | { readonly kind: 'tenant'; readonly organisationId: string }
  | { readonly kind: 'platform' };

export const PLATFORM: Reach = { kind: 'platform' };
export const tenant = (organisationId: string): Reach => ({ kind: 'tenant', organisationId });

export interface LedgerTransaction {
  /** Timestamps are returned as RFC 3339 text, dates and numerics as text. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Returns the number of rows that a statement wrote. */
  execute(text: string, values?: readonly unknown[]): Promise<number>;
  /**
   * Narrows (or widens) the reach for the rest of the transaction, once an id has identified the
   * organisation.
   */
  enter(reach: Reach): Promise<void>;
}

export interface Ledger {
  /**
   * Runs `work` in one READ COMMITTED transaction; returns only after Postgres has answered COMMIT to the
   * COMMIT. If Postgres aborted the transaction in favour of another one, `work` runs again, so it must
   * change nothing outside the transaction.
   */
  transaction<T>(reach: Reach, work: (tx: LedgerTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Makes all statements of the transaction see one snapshot. It must be the first statement. */
export async function holdSnapshot(tx: LedgerTransaction): Promise<void> {
  await tx.execute('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
}

/** What `runTransaction` needs of a client; the fault simulation provides its own. */
export interface TransactionClient {
  query(text: string): Promise<{ command: string }>;
}

/** The COMMIT was answered by ROLLBACK: the transaction had already failed, silently. */
export class NotCommittedError extends Error {}

export async function runTransaction<T>(
  client: TransactionClient,
  begin: string,
  work: () => Promise<T>,
): Promise<T> {
  await client.query(begin);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new NotCommittedError(`COMMIT returned ${command}`);
  return result;
}

const ATTEMPTS_MAX = 4;

/**
 * Runs a transaction again if Postgres aborted it in favour of another one. Throws `unavailable` after the
 * fourth time.
 */
export async function repeatWhereEnded<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (cause) {
      if (!isEndedForAnother(cause)) throw cause;
      if (attempt === ATTEMPTS_MAX) {
        throw new AppError('unavailable', 'Too many changes at once. Try again.', {
          cause,
          log: `Postgres ended the transaction ${ATTEMPTS_MAX} times for another`,
          retryAfterSeconds: 1,
        });
      }
    }
  }
}

function enterStatements(reach: Reach): string {
  if (reach.kind === 'platform') return 'SET LOCAL ROLE meterbook_platform';
  assert(isUuid(reach.organisationId), 'a tenant transaction is entered with a UUID');
  return `SET LOCAL ROLE meterbook_tenant; SET LOCAL app.organisation_id = '${reach.organisationId}'`;
}

const TIMESTAMPTZ = 1184;
const DATE = 1082;
const INT8 = 20;

// int8 columns hold counts and row numbers, all far below 2^53; NUMERIC stays text.
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === TIMESTAMPTZ) return instantText;
    if (oid === DATE) return (value: string) => value;
    if (oid === INT8) return (value: string) => Number(value);
    return pg.types.getTypeParser(oid, format);
  },
};

// A process that hangs inside a transaction would block all others with its locks, and could commit a batch
// long after its time: the server ends it.
const BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '60s'";

const CONNECT_TIMEOUT_MS = 10_000;

/** Opens its single connection at the first transaction. Call `close` when the request or job has ended. */
export function openLedger(connectionString: string): Ledger {
  let connecting: Promise<pg.Client> | undefined;
  let isLost = false;

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString,
      types: types as pg.CustomTypesConfig,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'meterbook',
    });
    // Without this listener, a lost connection becomes an uncaught error of the whole isolate.
    client.on('error', () => {
      isLost = true;
    });
    try {
      await client.connect();
    } catch (cause) {
      throw new AppError('unavailable', 'The ledger is unavailable. Retry later.', {
        cause,
        log: 'connect to Postgres failed',
        retryAfterSeconds: 5,
      });
    }
    return client;
  }

  return {
    async transaction(reach, work) {
      connecting ??= connect();
      const client = await connecting;
      const tx: LedgerTransaction = {
        query: async (text, values) => (await client.query(text, values as unknown[])).rows,
        execute: async (text, values) => (await client.query(text, values as unknown[])).rowCount ?? 0,
        enter: async (next) => {
          await client.query(enterStatements(next));
        },
      };
      // pg answers a text of several statements with a list; runTransaction reads only the answer to COMMIT.
      const plain: TransactionClient = { query: async (text) => client.query(text) };
      try {
        return await repeatWhereEnded(() =>
          runTransaction(plain, `${BEGIN}; ${enterStatements(reach)}`, () => work(tx)),
        );
      } catch (cause) {
        if (!isLost || cause instanceof AppError) throw cause;
        throw new AppError(
          'unavailable',
          'Connection lost. The change may have been saved; check before retrying.',
          { cause, log: 'connection to Postgres lost', retryAfterSeconds: 5 },
        );
      }
    },
    async close() {
      const client = await connecting?.catch(() => undefined);
      connecting = undefined;
      await client?.end().catch(() => undefined);
    },
  };
}
