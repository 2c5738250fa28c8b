import { accessSync, constants, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { REPOSITORY_CACHE } from './paths.ts';

/**
 * Compiled code is stored beside the packages, where every state finds it, or in the state if the checkout is
 * read-only. bootstrap.mjs has already set the first location, for modules that are loaded before this one.
 */
export function keepCompiledCode(stateDir: string): void {
  enableCompileCache(isWritable(REPOSITORY_CACHE) ? REPOSITORY_CACHE : join(resolve(stateDir), 'cache'));
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
