/** (g) The upload size of a deploy of the ingest Worker. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { REPOSITORY } from '../../src/platform/local/paths.ts';
import type { Row } from './measurement.ts';

export async function measureBundle(): Promise<Row[]> {
  const deployed = bundle();
  const minified = bundle('--minify');
  return [
    {
      id: 'g',
      what: 'ingest bundle as deployed, gzip',
      measured: `${deployed.toFixed(1)} KiB (minified ${minified.toFixed(1)})`,
      floor: '',
      figure: deployed,
      target: { gate: 40, aim: 25, bound: 'most' },
      detail: { deployed, minified },
    },
  ];
}

/** KiB of gzip, by Wrangler itself. */
function bundle(...options: string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'meterbook-bundle-'));
  try {
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        join(REPOSITORY, 'node_modules/wrangler/bin/wrangler.js'),
        ...['deploy', '--env', 'ingest', '--dry-run', '--outdir', folder, ...options],
      ],
      {
        cwd: REPOSITORY,
        encoding: 'utf8',
        env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_WRITE_LOGS: 'false' },
      },
    );
    if (status !== 0) throw new Error(`Wrangler could not bundle ingest: ${stderr}`);
    const bytes = readdirSync(folder)
      .filter((name) => !name.endsWith('.map') && name !== 'README.md')
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
    return bytes / 1024;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
