import { createHash } from 'node:crypto';
import pg from 'pg';
import { refusal } from '../refusal.ts';

const LOGIN = 'meterbook_app';
const ROLES = ['meterbook_tenant', 'meterbook_platform'];

/**
 * The URL with which the Workers connect: a login that owns nothing and takes one of the two roles per
 * transaction. Its password is derived from the owner's, so that several states on one cluster use the same
 * one.
 */
export function appUrlOf(ownerUrl: string): string {
  const url = new URL(ownerUrl);
  const password = decodeURIComponent(url.password);
  url.username = LOGIN;
  url.password = createHash('sha256').update(`${LOGIN}:${password}`).digest('hex');
  return url.href;
}

/** Creates or repairs the login. If it already works, this costs one connection. */
export async function ensureAppLogin(owner: pg.Client, appUrl: string): Promise<void> {
  if (await isLoginReady(appUrl)) return;
  const password = new URL(appUrl).password;
  await owner.query('BEGIN');
  try {
    // Roles belong to the cluster: two of its databases may be set up at once.
    await owner.query('SELECT pg_advisory_xact_lock(7306816)');
    const { rows } = await owner.query<{ rolsuper: boolean; rolbypassrls: boolean; rolinherit: boolean }>(
      'SELECT rolsuper, rolbypassrls, rolinherit FROM pg_roles WHERE rolname = $1',
      [LOGIN],
    );
    const [found] = rows;
    if (found?.rolsuper || found?.rolbypassrls) {
      throw refusal(
        `The Postgres role ${LOGIN} is a superuser or bypasses row-level security. Revoke that first.`,
      );
    }
    // The password is 64 hex digits, safe to write out; a role statement takes no parameters.
    const verb = found ? 'ALTER' : 'CREATE';
    await owner.query(`${verb} ROLE ${LOGIN} LOGIN NOINHERIT PASSWORD '${password}'`);
    for (const role of await existingRoles(owner)) await owner.query(`GRANT ${role} TO ${LOGIN}`);
    await owner.query('COMMIT');
  } catch (error) {
    await owner.query('ROLLBACK');
    throw error;
  }
}

async function existingRoles(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE rolname = ANY($1)',
    [ROLES],
  );
  return rows.map((row) => row.rolname);
}

async function isLoginReady(appUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: appUrl });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ ready: boolean }>(
      `SELECT bool_and(pg_has_role(oid, 'MEMBER')) AND count(*) = $2
         AND NOT (SELECT rolinherit OR rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS ready
       FROM pg_roles WHERE rolname = ANY($1)`,
      [ROLES, ROLES.length],
    );
    return rows[0]?.ready === true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
