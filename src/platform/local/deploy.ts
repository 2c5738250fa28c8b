/** `npm run deploy` and `npm run deploy:dry-run`: the three Workers, each with its environment of wrangler.toml. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Environment } from './build/load-workers.ts';
import { REPOSITORY, WRANGLER_TOML } from './paths.ts';
import { refusal, runCommand } from './refusal.ts';

// Ingest last: it is bound to api, which must exist.
const ORDER: readonly Environment[] = ['api', 'cron', 'ingest'];

function runWrangler(environment: Environment, options: readonly string[]): void {
  const isQuiet = options.includes('--dry-run');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(REPOSITORY, 'node_modules/wrangler/bin/wrangler.js'), 'deploy', '--env', environment, ...options],
    {
      cwd: REPOSITORY,
      encoding: 'utf8',
      stdio: isQuiet ? 'pipe' : 'inherit',
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        ...(isQuiet && { WRANGLER_WRITE_LOGS: 'false' }),
      },
    },
  );
  if (status === 0) return;
  if (isQuiet) process.stderr.write(`${stdout}${stderr}`);
  throw refusal(`Wrangler did not ${isQuiet ? 'bundle' : 'deploy'} ${environment}: see its output above.`);
}

function bundleAll(): void {
  const folder = mkdtempSync(join(tmpdir(), 'meterbook-bundle-'));
  try {
    for (const environment of ORDER) {
      const out = join(folder, environment);
      runWrangler(environment, ['--dry-run', '--outdir', out]);
      const bytes = readdirSync(out)
        .filter((name) => !name.endsWith('.map') && name !== 'README.md')
        .reduce((sum, name) => sum + gzipSync(readFileSync(join(out, name))).length, 0);
      process.stdout.write(`${environment.padEnd(6)} ${(bytes / 1024).toFixed(1).padStart(7)} KiB gzip\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function deployAll(): void {
  const missing = readFileSync(WRANGLER_TOML, 'utf8').match(/"REPLACE-with-the-id-of-[^"]+"/g) ?? [];
  if (missing.length > 0) {
    const names = [...new Set(missing)].map((name) => name.slice(24, -1)).join(', ');
    throw refusal(
      `wrangler.toml has no ids for ${names}. Create them as described in README.md, then deploy.`,
    );
  }
  for (const environment of ORDER) runWrangler(environment, []);
}

await runCommand(async () => (process.argv.includes('--dry-run') ? bundleAll() : deployAll()));
