/** `npm run admin-key`: the first admin key of the Postgres in DATABASE_URL, after `npm run migrate`. */

import { assertBootstrapKey, createFirstAdmin } from './first-admin.ts';
import { refusal, runCommand } from './refusal.ts';
import { appUrlOf } from './stores/app-login.ts';
import { assertDatabaseUrl, connectLedger } from './stores/ledger.ts';

await runCommand(async () => {
  const ownerUrl = process.env.DATABASE_URL;
  const wanted = process.env.BOOTSTRAP_ADMIN_KEY || undefined;
  if (!ownerUrl)
    throw refusal(
      'Set DATABASE_URL to the Postgres that needs its first admin key, with the login of its owner.',
    );
  assertDatabaseUrl(ownerUrl);
  assertBootstrapKey(wanted);
  await (await connectLedger(ownerUrl)).end();
  const key = await createFirstAdmin(appUrlOf(ownerUrl), wanted);
  if (key === null) throw refusal('This database already has an admin.');
  process.stdout.write(`First admin key, shown only now: ${key}\n`);
});
