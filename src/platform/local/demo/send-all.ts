/** A customer's program that sends its events in batches, some of them twice. */
import type { Client } from './client.ts';

const BATCH_EVENTS = 1_000;
/** Every fifth request is sent again, like a client that never received the answer. */
const RETRY_EVERY = 5;

interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
  readonly conflicts: number;
}

export interface Sending {
  readonly sent: number;
  readonly requests: number;
  readonly retries: number;
  readonly receipts: Receipt;
  readonly seconds: number;
}

export async function sendAll(
  client: Client,
  key: string,
  path: string,
  events: readonly object[],
): Promise<Sending> {
  const startedAt = performance.now();
  const receipts = { accepted: 0, duplicates: 0, conflicts: 0 };
  let [sent, requests, retries] = [0, 0, 0];
  const send = async (batch: readonly object[]): Promise<void> => {
    const receipt = await client.post<Receipt>(path, batch, key);
    receipts.accepted += receipt.accepted;
    receipts.duplicates += receipt.duplicates;
    receipts.conflicts += receipt.conflicts;
    sent += batch.length;
    requests += 1;
  };
  for (let start = 0; start < events.length; start += BATCH_EVENTS) {
    const batch = events.slice(start, start + BATCH_EVENTS);
    await send(batch);
    if ((start / BATCH_EVENTS) % RETRY_EVERY !== 0) continue;
    retries += 1;
    await send(batch);
  }
  return { sent, requests, retries, receipts, seconds: (performance.now() - startedAt) / 1000 };
}
