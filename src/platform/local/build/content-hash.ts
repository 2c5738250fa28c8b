import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const hashText = (text: string | Uint8Array): string => hash('sha256', text);

/** Null if the file does not exist. */
export function hashFile(path: string): string | null {
  try {
    return hashText(readFileSync(path));
  } catch {
    return null;
  }
}

/** One hash over the names and contents of all files below the folders, and of the single files, existing or not. */
export function hashSources(root: string, folders: readonly string[], files: readonly string[]): string {
  const below = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  return hashText(
    JSON.stringify([...below.sort(), ...files].map((path) => [path, hashFile(join(root, path))])),
  );
}
