import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StatePaths } from './paths.ts';
import { commandLineOf, endProcess, findByEnvironment, isAlive, workingFolderOf } from './processes.ts';
import { refusal } from './refusal.ts';

/** The mark that every workerd of a state carries in its environment. */
export const STATE_MARK = 'METERBOOK_STATE';

/**
 * Ends the processes that a killed run of this state left behind. Called by the holder of the lock, so no
 * other run owns them; a recycled pid is recognised by its command line and left alone.
 */
export async function reapSurvivors(paths: StatePaths): Promise<number> {
  const workers = findByEnvironment(STATE_MARK, paths.root, 'workerd');
  const postgres = findPostgres(paths);
  const ended = await Promise.all([
    ...workers.map((pid) => endProcess(pid, [['SIGKILL', 3_000]])),
    ...postgres.map((pid) =>
      endProcess(pid, [
        ['SIGINT', 5_000],
        ['SIGQUIT', 2_000],
        ['SIGKILL', 2_000],
      ]),
    ),
  ]);
  if (ended.includes(false)) {
    const pids = [...workers, ...postgres].filter(isAlive).join(', ');
    throw refusal(`A process left by an earlier run of ${paths.root} does not exit. Stop process ${pids}.`);
  }
  return ended.length;
}

/** The embedded Postgres that runs on this state, by its own postmaster.pid. */
function findPostgres(paths: StatePaths): number[] {
  const pidFile = join(paths.postgres, 'postmaster.pid');
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  } catch {
    return [];
  }
  if (!(pid > 1) || !isAlive(pid)) return [];
  const commandLine = commandLineOf(pid);
  const isOurs =
    commandLine.includes('postgres') &&
    (commandLine.includes(paths.postgres) || workingFolderOf(pid) === paths.postgres);
  if (isOurs) return [pid];
  // The pid now belongs to an unrelated process (a container restarts its pids at 1): Postgres would refuse
  // to start as long as that process lives.
  rmSync(pidFile, { force: true });
  return [];
}
