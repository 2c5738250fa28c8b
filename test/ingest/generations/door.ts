/** Sends AI calls to the API as the suite's own tenant, and reads the rows stored in the hot store. */
import { type Answer, ask, world } from '../../http/wire.ts';
import { queryD1 } from '../../setup/client.ts';
import type { Json, Tenant } from '../../setup/world.ts';

const PATH = '/v1/ai/generations';

let own: Tenant;
/** Call before the tests of a suite. */
export async function openDoor(): Promise<void> {
  own = await world.tenant();
}
/** Call within a test. */
export const tenant = (): Tenant => own;

type Headers = Readonly<Record<string, string>>;

export const send = (calls: unknown, headers: Headers = {}, key: string | null = own.key): Promise<Answer> =>
  ask(PATH, { key, json: calls, headers });

export const sendRaw = (
  type: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Headers = {},
): Promise<Answer> =>
  ask(PATH, {
    key: own.key,
    method: 'POST',
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    headers: { 'content-type': type, ...headers },
  });

export const stored = (key: string): Promise<Record<string, Json>[]> =>
  queryD1(
    'HOT_0',
    'SELECT * FROM usage_events WHERE project_id = ? AND idempotency_key = ?',
    own.project_id,
    key,
  );
