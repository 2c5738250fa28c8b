import { createHash, createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Miniflare keeps each D1 database in a Durable Object of this class. */
const D1_CLASS = 'miniflare-D1DatabaseObject';

/** The rows of a query on the file of a D1 database that no workerd has open; null if it cannot be read. */
export function readTableOfD1<Row>(workersFolder: string, databaseId: string, query: string): Row[] | null {
  const path = join(workersFolder, 'd1', D1_CLASS, `${objectIdOf(D1_CLASS, databaseId)}.sqlite`);
  if (!existsSync(path)) return null;
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database.prepare(query).all() as Row[];
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

/**
 * The id that workerd gives to the object with this name: 16 bytes of the name's HMAC, and 16 bytes of the
 * HMAC of those.
 */
function objectIdOf(className: string, name: string): string {
  const key = createHash('sha256').update(className).digest();
  const sign = (text: string | Buffer): Buffer =>
    createHmac('sha256', key).update(text).digest().subarray(0, 16);
  const named = sign(name);
  return Buffer.concat([named, sign(named)]).toString('hex');
}
