/** wrangler.toml with additional shards, as an operator writes them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const BLOCK = /\[\[env\.\w+\.d1_databases\]\]\nbinding = "HOT_0"\n(?:\w+ = .*\n)+/g;

export interface Configuration {
  readonly configPath: string;
  remove(): void;
}

/** Repeats each block of HOT_0 as HOT_1, HOT_2, …, up to `count` shards. */
export function configureShards(count: number): Configuration {
  const folder = mkdtempSync(join(tmpdir(), 'meterbook-shards-'));
  const configPath = join(folder, 'wrangler.toml');
  const text = readFileSync(join(REPOSITORY, 'wrangler.toml'), 'utf8').replaceAll(
    '"workers/',
    `"${REPOSITORY}/workers/`,
  );
  const further = (block: string, shard: number): string =>
    block.replaceAll('HOT_0', `HOT_${shard}`).replaceAll('hot-0', `hot-${shard}`);
  const blocks = (block: string): string =>
    Array.from({ length: count }, (_, shard) => further(block, shard)).join('\n');
  writeFileSync(configPath, text.replace(BLOCK, blocks));
  return { configPath, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
