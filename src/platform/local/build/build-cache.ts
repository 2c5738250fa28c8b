/**
 * Expensive results derived from the sources, without secrets, kept between starts: the bundles, the parsed
 * wrangler.toml.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashText } from './content-hash.ts';

export interface BuildCache {
  /** Null if there is no complete entry with this name and key. */
  read(name: string, key: string): unknown;
  write(name: string, key: string, value: unknown): void;
}

// A checkout that switches between branches finds the entries of each of them.
const KEPT_PER_NAME = 4;

/** Reads from every folder, and writes to the first writable one. */
export function openBuildCache(...folders: readonly string[]): BuildCache {
  return {
    read(name, key) {
      for (const folder of folders) {
        const value = readEntry(join(folder, fileOf(name, key)));
        if (value !== null) return value;
      }
      return null;
    },
    write(name, key, value) {
      folders.some((folder) => writeEntry(folder, name, key, value));
    },
  };
}

const fileOf = (name: string, key: string): string => `${name}-${key.slice(0, 32)}.json`;

/** The first line is the hash of the rest: a file truncated by a crash is not an entry. */
function readEntry(path: string): unknown {
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    const body = text.slice(end + 1);
    return text.slice(0, end) === hashText(body) ? JSON.parse(body) : null;
  } catch {
    return null;
  }
}

function writeEntry(folder: string, name: string, key: string, value: unknown): boolean {
  const path = join(folder, fileOf(name, key));
  const body = JSON.stringify(value);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, `${hashText(body)}\n${body}`);
    renameSync(`${path}.${process.pid}`, path);
    removeOldest(folder, name);
    return true;
  } catch {
    return false;
  }
}

function removeOldest(folder: string, name: string): void {
  const paths = readdirSync(folder)
    .filter((file) => file.startsWith(`${name}-`))
    .map((file) => join(folder, file))
    .map((path) => ({ path, at: statSync(path).mtimeMs }))
    .sort((one, other) => other.at - one.at);
  for (const { path } of paths.slice(KEPT_PER_NAME)) rmSync(path, { force: true });
}
