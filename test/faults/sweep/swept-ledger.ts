/**
 * A ledger and a file store whose n-th call fails, before or after its effect: BEGIN, a statement, COMMIT or a
 * file.
 */
import { expect } from 'vitest';
import type { FileStore } from '../../../src/core/ports.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import type { Ledger } from '../../../src/db/ledger.ts';

/** `after`: the call took effect, but its result is lost. */
export interface Fault {
  readonly at: number;
  readonly moment: 'before' | 'after';
}
class Struck extends Error {}

/** Counts BEGIN, each statement and COMMIT of every transaction and each file call, and fails one of them. */
function sweep(
  { ledger, files }: Ctx,
  fault: Fault | null,
): { readonly swept: Pick<Ctx, 'ledger' | 'files'>; readonly calls: string[] } {
  const calls: string[] = [];
  const take = (call: string): number => calls.push(call.trim()) - 1;
  const strike = (call: number, moment: Fault['moment']): void => {
    if (fault?.at === call && fault.moment === moment) throw new Struck(`${moment} ${calls[call]}`);
  };
  const around = async <T>(text: string, run: () => Promise<T>): Promise<T> => {
    const call = take(text);
    strike(call, 'before');
    const result = await run();
    strike(call, 'after');
    return result;
  };
  const sweptLedger: Ledger = {
    close: () => ledger.close(),
    async transaction(reach, work) {
      const begin = take('BEGIN');
      strike(begin, 'before');
      let commit = -1;
      const result = await ledger.transaction(reach, async (tx) => {
        strike(begin, 'after');
        const answer = await work({
          query: (text, values) => around(text, () => tx.query(text, values)),
          execute: (text, values) => around(text, () => tx.execute(text, values)),
          enter: (next) => around('SET LOCAL', () => tx.enter(next)),
        });
        commit = take('COMMIT');
        strike(commit, 'before');
        return answer;
      });
      strike(commit, 'after');
      return result;
    },
  };
  const sweptFiles: FileStore = {
    get: (key) => around('files.get', () => files.get(key)),
    putIfAbsent: (key, file) => around('files.putIfAbsent', () => files.putIfAbsent(key, file)),
    list: (prefix) => around('files.list', () => files.list(prefix)),
    delete: (keys) => around('files.delete', () => files.delete(keys)),
  };
  return { swept: { ledger: sweptLedger, files: sweptFiles }, calls };
}

export const faultsOf = (calls: readonly string[]): Fault[] =>
  calls.flatMap((_, at) => [
    { at, moment: 'before' as const },
    { at, moment: 'after' as const },
  ]);
/** The only fault that leaves the work done: the result of the last COMMIT is lost. */
export const isDone = (calls: readonly string[], { at, moment }: Fault): boolean =>
  at === calls.length - 1 && moment === 'after';
/** Runs a verb into the fault, which it must report. A swallowed failure could hide any fault. */
export async function runStruck<T>(ctx: Ctx, fault: Fault, run: (ctx: Ctx) => Promise<T>): Promise<void> {
  const { swept, calls } = sweep(ctx, fault);
  await expect(run({ ...ctx, ...swept }), calls[fault.at]).rejects.toThrow(Struck);
}

export async function runDry<T>(
  ctx: Ctx,
  run: (ctx: Ctx) => Promise<T>,
): Promise<{ result: T; calls: string[] }> {
  const { swept, calls } = sweep(ctx, null);
  return { result: await run({ ...ctx, ...swept }), calls };
}
