/**
 * `npm run demo`: the same as `npm start`, then sends a real trace through the public API and shows the
 * resulting invoice.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createAdminKey } from '../../access/create-admin-key.ts';
import { HOUR_MS } from '../../core/time.ts';
import { openLedger } from '../../db/ledger.ts';
import { keepCompiledCode } from './compile-cache.ts';
import { createClient } from './demo/client.ts';
import { printAiReport } from './demo/print-ai-report.ts';
import { printPlaces, printReport } from './demo/print-report.ts';
import { runDemo } from './demo/run-demo.ts';
import { readEnvironment } from './environment.ts';
import { runCommand } from './refusal.ts';
import { onStopSignal } from './signals.ts';

await runCommand(async () => {
  const environment = readEnvironment();
  keepCompiledCode(environment.stateDir);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  let stop = async (): Promise<void> => {};
  onStopSignal(async () => {
    say('Stopping …');
    await stop();
  });
  const { startRuntime } = await import('./runtime.ts');
  const starting = startRuntime({
    ...environment,
    onProgress: say,
    onLog: (level, message) => process.stderr.write(`[${level}] ${message}\n`),
  });
  stop = async () => (await starting.catch(() => undefined))?.stop();
  const runtime = await starting;
  try {
    const key = runtime.adminKey ?? (await borrowKey(runtime.databaseUrl));
    const report = await runDemo(createClient(runtime.url, key), say);
    const pdf = join(
      resolve(environment.stateDir),
      `${report.invoice.invoice_number?.replaceAll('/', '-')}.pdf`,
    );
    await writeFile(pdf, report.pdf);
    printReport(report, say);
    printAiReport(report.ai, say);
    printPlaces(report, runtime.url, say);
    say(`The invoice as the customer sees it:\n  ${report.link}\n  ${pdf}\n`);
  } catch (error) {
    await stop();
    throw error;
  }
  if (process.argv.includes('--exit')) {
    await stop();
    process.exit(0);
  }
  if (runtime.adminKey) say(`First admin key, shown only now: ${runtime.adminKey}`);
  say('Ctrl-C stops everything.');
});

/** The state already has an admin, whose key only its owner has: create a separate key, valid for an hour. */
async function borrowKey(databaseUrl: string): Promise<string> {
  const ledger = openLedger(databaseUrl);
  const now = Date.now();
  try {
    return await createAdminKey(ledger, { name: 'npm run demo', now, expiresAt: now + HOUR_MS });
  } finally {
    await ledger.close();
  }
}
