/** `npm run migrate`: the Postgres of DATABASE_URL, and the login with which the deployed Workers connect to it. */

import { refusal, runCommand } from './refusal.ts';
import { appUrlOf, ensureAppLogin } from './stores/app-login.ts';
import { assertDatabaseUrl, connectLedger } from './stores/ledger.ts';
import { migrateLedger } from './stores/migrate-ledger.ts';

await runCommand(async () => {
  const ownerUrl = process.env.DATABASE_URL;
  if (!ownerUrl) throw refusal('Set DATABASE_URL to the Postgres to migrate, as its owner.');
  assertDatabaseUrl(ownerUrl);
  const owner = await connectLedger(ownerUrl);
  try {
    const applied = await migrateLedger(owner);
    const appUrl = appUrlOf(ownerUrl);
    await ensureAppLogin(owner, appUrl);
    process.stdout.write(`${applied} migrations applied.\n`);
    process.stdout.write(`The Workers connect as ${new URL(appUrl).username}. For Hyperdrive:\n${appUrl}\n`);
  } finally {
    await owner.end();
  }
});
