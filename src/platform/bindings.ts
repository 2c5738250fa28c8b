/**
 * Turns the bindings of wrangler.toml into the dependencies of the apps. Besides workers/, the only place
 * that accesses `env` and the real clock.
 */
import type { D1Database, Fetcher, Hyperdrive, R2Bucket, RateLimit } from '@cloudflare/workers-types';
import type { HotDatabase, Shards } from '../db/hot.ts';

export interface HotEnv {
  readonly DIRECTORY: D1Database;
  readonly HOT_0: D1Database;
  /** One per additional shard: HOT_1, HOT_2, … */
  readonly [binding: `HOT_${number}`]: D1Database;
}

export interface IngestEnv extends HotEnv {
  readonly LIMITER: RateLimit;
  readonly API: Fetcher;
  readonly TEST_CLOCK: string;
}

export interface LedgerEnv extends HotEnv {
  readonly LEDGER: Hyperdrive;
  readonly TEST_CLOCK: string;
  readonly SCHEDULES: string;
  readonly HOT_RETENTION_HOURS: string;
  readonly FILES: R2Bucket;
  readonly EMAIL: EmailBinding;
  /** Only on the local runtime: receives e-mails in place of EMAIL. */
  readonly MAILBOX?: Fetcher;
  readonly PUBLIC_URL: string;
  readonly EMAIL_FROM: string;
}

/** Cloudflare's `send_email` binding; the published types cover only its older form. */
export interface EmailBinding {
  send(message: {
    from: { email: string; name: string };
    to: string;
    replyTo?: string;
    subject: string;
    text: string;
    html: string;
    headers: Record<string, string>;
    attachments: { filename: string; type: string; content: ArrayBuffer; disposition: 'attachment' }[];
  }): Promise<unknown>;
}

const shardsByEnv = new WeakMap<object, Shards>();

export function shardsOf(env: HotEnv): Shards {
  let shards = shardsByEnv.get(env);
  if (!shards) {
    const found = Object.keys(env)
      .filter((binding) => /^HOT_\d+$/.test(binding))
      .map((binding): [number, HotDatabase] => [
        Number(binding.slice(4)),
        env[binding as `HOT_${number}`] as D1Database,
      ]);
    shards = new Map(found.sort(([a], [b]) => a - b));
    shardsByEnv.set(env, shards);
  }
  return shards;
}

/** With a shorter retention, the purge could delete rows that Postgres may still lose and need again. */
const RETENTION_HOURS_DEFAULT = 168;

export function retentionHoursOf(env: LedgerEnv): number {
  const hours = Number(env.HOT_RETENTION_HOURS);
  return Number.isFinite(hours) && hours > 0 ? hours : RETENTION_HOURS_DEFAULT;
}

export const clock = (): number => Date.now();

/** The clock of a request: only with TEST_CLOCK=on the moment in X-Test-Clock, so that tests never have to wait. */
export function clockOf({ TEST_CLOCK }: Pick<IngestEnv, 'TEST_CLOCK'>, headers: Headers): () => number {
  const moment = TEST_CLOCK === 'on' ? Date.parse(headers.get('x-test-clock') ?? '') : Number.NaN;
  return Number.isNaN(moment) ? clock : () => moment;
}
