import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PLATFORM, tenant } from '../../src/db/ledger.ts';
import type { OutboxHandlers } from '../../src/outbox/message.ts';
import { insertOutbox, reviveMessages } from '../../src/outbox/store.ts';
import {
  ISSUED,
  MINUTE_MS,
  minutesAfter,
  openPostOffice,
  type PostOffice,
} from '../documents/emails/post-office.ts';

let office: PostOffice;
beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  office = await openPostOffice('deliver');
});
afterAll(() => office.close());

interface Row {
  readonly attempts: number;
  readonly delivered_at: Date | null;
  readonly failed_at: Date | null;
  readonly next_attempt_at: Date;
  readonly last_error: string | null;
}
const rowOf = async (id: string): Promise<Row> => {
  const [row] = await office.rows<Row>('SELECT * FROM outbox WHERE id = $1', id);
  if (!row) throw new Error('no such row');
  return row;
};
const organisation = async (): Promise<string> => {
  const { organisation_id } = await office.addInvoice();
  await office.owner.query('UPDATE outbox SET delivered_at = now() WHERE organisation_id = $1', [
    organisation_id,
  ]);
  return organisation_id;
};
/** Each test has its own topic, so that none delivers rows of another. */
let topics = 0;
const newTopic = (): string => `test.${++topics}`;
const handling = (topic: string, handler: OutboxHandlers[string]): { handlers: OutboxHandlers } => ({
  handlers: { [topic]: handler },
});
const failing: OutboxHandlers[string] = async () => {
  throw new Error('refused\0 by the other side');
};

describe('what is due', () => {
  test('a row is delivered once, with its payload, and not looked at again', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const id = await office.addOutbox(org, topic, { a: [1, 'ü'] });
    const seen: unknown[] = [];
    const options = handling(topic, async (_, message) => {
      seen.push(message);
      return { kind: 'delivered' };
    });
    const counts = { delivered: 1, postponed: 0, failed: 0, given_up: 0 };
    expect(await office.deliver(1, options)).toEqual({ status: 'succeeded', ...counts });
    expect(await office.deliver(100_000, options)).toMatchObject({ delivered: 0 });
    const next_attempt_at = new Date(minutesAfter(3)).toISOString();
    expect(seen).toEqual([
      { organisation_id: org, id, topic, payload: { a: [1, 'ü'] }, attempts: 1, next_attempt_at },
    ]);
    expect((await rowOf(id)).delivered_at).toEqual(new Date(minutesAfter(1)));
  });

  test.each([
    ['the moment before it is due', -1, 0],
    ['the moment in which it is due', 0, 1],
  ])('%s', async (_, offset, delivered) => {
    const [topic, org] = [newTopic(), await organisation()];
    await office.addOutbox(org, topic, {}, new Date(minutesAfter(5) - offset).toISOString());
    expect(
      await office.deliver(
        5,
        handling(topic, async () => ({ kind: 'delivered' })),
      ),
    ).toMatchObject({
      delivered,
    });
  });

  test('a row of a topic that nobody handles waits untouched', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const id = await office.addOutbox(org, topic, {});
    await office.deliver(
      1,
      handling(newTopic(), async () => ({ kind: 'delivered' })),
    );
    expect(await rowOf(id)).toMatchObject({ attempts: 0, delivered_at: null });
  });

  test('the row of a transaction that rolled back never leaves', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const message = { organisation_id: org, id: org, topic, payload: {}, created_at: ISSUED };
    const ctx = office.ctx(minutesAfter(0));
    await expect(
      ctx.ledger.transaction(tenant(org), async (tx) => {
        await insertOutbox(tx, message);
        throw new Error('the work failed');
      }),
    ).rejects.toThrow('the work failed');
    expect(
      await office.deliver(
        1,
        handling(topic, async () => ({ kind: 'delivered' })),
      ),
    ).toMatchObject({
      delivered: 0,
    });
  });

  test('the same dedupe key is taken once in an organisation, and again in another', async () => {
    const topic = newTopic();
    const [a, b] = [await organisation(), await organisation()];
    const insert = (organisation_id: string, id: string) =>
      office
        .ctx(0)
        .ledger.transaction(PLATFORM, (tx) =>
          insertOutbox(tx, { organisation_id, id, topic, payload: {}, dedupe_key: 'k', created_at: ISSUED }),
        );
    expect([await insert(a, a), await insert(a, b), await insert(b, b)]).toEqual([true, false, true]);
  });
});

describe('what fails', () => {
  test('comes back after its delay, tells why, and is given up after the tenth attempt', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const id = await office.addOutbox(org, topic, {});
    let minutes = 0;
    for (let attempt = 1; attempt <= 9; attempt++) {
      expect(await office.deliver(minutes, handling(topic, failing))).toMatchObject({ failed: 1 });
      const row = await rowOf(id);
      expect(row).toMatchObject({ attempts: attempt, last_error: 'refused by the other side' });
      expect(row.failed_at).toBeNull();
      const next = (row.next_attempt_at.getTime() - Date.parse(ISSUED)) / MINUTE_MS;
      expect(await office.deliver(next - 0.01, handling(topic, failing))).toMatchObject({ failed: 0 });
      minutes = next;
    }
    expect(await office.deliver(minutes, handling(topic, failing))).toMatchObject({ given_up: 1 });
    expect((await rowOf(id)).failed_at).toEqual(new Date(minutesAfter(minutes)));
    expect(await office.deliver(minutes + 100_000, handling(topic, failing))).toMatchObject({
      given_up: 0,
      failed: 0,
    });
  });

  test('holds up no other row of its tenant', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const bad = await office.addOutbox(org, topic, { bad: true });
    const good = [await office.addOutbox(org, topic, {}), await office.addOutbox(org, topic, {})];
    const result = await office.deliver(
      1,
      handling(topic, async (_, { payload }) =>
        payload['bad'] ? { kind: 'failed', error: 'bad' } : { kind: 'delivered' },
      ),
    );
    expect(result).toMatchObject({ status: 'succeeded', delivered: 2, failed: 1 });
    expect((await rowOf(bad)).delivered_at).toBeNull();
    for (const id of good) expect((await rowOf(id)).delivered_at).not.toBeNull();
  });

  test('what an attempt wanted to write is written with its mark or not at all', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const id = await office.addOutbox(org, topic, {});
    const result = await office.deliver(
      1,
      handling(topic, async () => ({
        kind: 'delivered',
        commit: async (tx) => {
          await tx.execute(`UPDATE organisations SET name = 'changed' WHERE id = $1`, [org]);
          throw new Error('the write was refused');
        },
      })),
    );
    expect(result).toMatchObject({ delivered: 0, failed: 1 });
    expect(await rowOf(id)).toMatchObject({ delivered_at: null, last_error: 'the write was refused' });
    expect(await office.rows('SELECT name FROM organisations WHERE id = $1', org)).toEqual([
      { name: 'Acme' },
    ]);
  });

  test('an attempt that died is repeated when its lease ends, and ten deaths are enough', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const id = await office.addOutbox(org, topic, {});
    let begun = 0;
    for (let run = 0; run <= 10; run++) {
      // The process dies with the handler: nothing is written after the claim.
      await office.owner.query(
        `UPDATE outbox SET attempts = $2, next_attempt_at = $3 WHERE id = $1 AND failed_at IS NULL`,
        [id, run, new Date(minutesAfter(run * 2))],
      );
      await office.deliver(run * 2 - 0.01, handling(topic, failing));
      expect((await rowOf(id)).attempts).toBe(run);
    }
    const result = await office.deliver(
      20,
      handling(topic, async () => {
        begun += 1;
        return { kind: 'delivered' };
      }),
    );
    expect([begun, result.given_up]).toEqual([0, 1]);
    expect(await rowOf(id)).toMatchObject({ delivered_at: null, last_error: 'no attempts left' });
  });
});

test('what has to wait comes back in a minute and has used up no attempt', async () => {
  const [topic, org] = [newTopic(), await organisation()];
  const id = await office.addOutbox(org, topic, {});
  for (let minute = 0; minute < 30; minute++) {
    const result = await office.deliver(
      minute,
      handling(topic, async () => ({ kind: 'postponed' })),
    );
    expect(result).toMatchObject({ postponed: 1 });
    const row = await rowOf(id);
    expect([row.attempts, row.next_attempt_at]).toEqual([0, new Date(minutesAfter(minute + 1))]);
  }
});

describe('several at once', () => {
  test('a backlog of one tenant does not hold up the others', async () => {
    const topic = newTopic();
    const [big, small, other] = [await organisation(), await organisation(), await organisation()];
    for (let row = 0; row < 30; row++) await office.addOutbox(big, topic, {});
    await office.addOutbox(small, topic, {}, new Date(minutesAfter(1)).toISOString());
    await office.addOutbox(other, topic, {}, new Date(minutesAfter(1)).toISOString());
    const order: string[] = [];
    const result = await office.deliver(2, {
      ...handling(topic, async (_, message) => {
        order.push(message.organisation_id);
        return { kind: 'delivered' };
      }),
      hasTime: () => order.length < 8,
    });
    expect(result.status).toBe('partial');
    expect(order).toContain(small);
    expect(order).toContain(other);
    expect(
      await office.deliver(
        2,
        handling(topic, async () => ({ kind: 'delivered' })),
      ),
    ).toMatchObject({
      status: 'succeeded',
      delivered: 32 - order.length,
    });
  });

  test('a run without time claims nothing', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const id = await office.addOutbox(org, topic, {});
    const result = await office.deliver(1, { ...handling(topic, failing), hasTime: () => false });
    expect(result).toMatchObject({ status: 'partial', failed: 0 });
    expect((await rowOf(id)).attempts).toBe(0);
  });

  test('of runs that overlap each delivers what the other has not, and no attempt is made twice', async () => {
    const topic = newTopic();
    const ids: string[] = [];
    for (let t = 0; t < 8; t++) {
      const org = await organisation();
      for (let row = 0; row < 4; row++) ids.push(await office.addOutbox(org, topic, { row }));
    }
    const attempts: string[] = [];
    const options = handling(topic, async ({ ledger }, { id, attempts: n, organisation_id, payload }) => {
      attempts.push(`${id} ${n}`);
      await ledger.transaction(tenant(organisation_id), async () => undefined);
      return payload['row'] === 1 && n === 1 ? { kind: 'failed', error: 'once' } : { kind: 'delivered' };
    });
    const run = (minutes: number) =>
      office.deliver(minutes, { ...options, changes: { ledger: office.ctx(0).openLedger() } });
    const first = await Promise.all([run(1), run(1), run(1)]);
    const second = await Promise.all([run(10), run(10)]);
    expect(first.reduce((sum, result) => sum + result.delivered, 0)).toBe(24);
    expect(second.reduce((sum, result) => sum + result.delivered, 0)).toBe(8);
    expect(new Set(attempts).size).toBe(attempts.length);
    expect(new Set(attempts.map((each) => each.split(' ')[0]))).toEqual(new Set(ids));
  });

  test.each([
    ['delivered', { attempts: 2, last_error: null }],
    ['failed', { attempts: 2, last_error: 'second' }],
  ] as const)(
    'what an attempt past its lease says changes nothing of a later one that %s',
    async (kind, expected) => {
      const [topic, org] = [newTopic(), await organisation()];
      const id = await office.addOutbox(org, topic, {});
      const slow = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const first = office.deliver(
        1,
        handling(topic, async () => {
          begun.resolve();
          await slow.promise;
          return { kind: 'failed', error: 'too late' };
        }),
      );
      await begun.promise;
      const changes = { ledger: office.ctx(0).openLedger() };
      const held = await office.deliver(2.99, { ...handling(topic, failing), changes });
      expect(held).toMatchObject({ failed: 0, delivered: 0 });
      const second = handling(topic, async () => (kind === 'failed' ? { kind, error: 'second' } : { kind }));
      expect(await office.deliver(3, { ...second, changes })).toMatchObject({ [kind]: 1 });
      const before = await rowOf(id);
      expect(before).toMatchObject(expected);
      slow.resolve();
      await first;
      expect(await rowOf(id)).toEqual(before);
    },
  );

  test('a row that is revived while an attempt is at work stays due whatever the attempt says', async () => {
    const [topic, org] = [newTopic(), await organisation()];
    const id = await office.addOutbox(org, topic, {});
    await office.deliver(
      1,
      handling(topic, async () => ({ kind: 'failed', error: 'missing: x' })),
    );
    const revive = handling(topic, async () => {
      const now = new Date(minutesAfter(61)).toISOString();
      const ledger = office.ctx(0).openLedger();
      const revived = { topic, errorPrefix: 'missing', now };
      expect(await ledger.transaction(PLATFORM, (tx) => reviveMessages(tx, revived))).toBe(1);
      await ledger.close();
      return { kind: 'failed', error: 'missing: x' };
    });
    let attempts = 0;
    const first = revive.handlers[topic];
    const options = handling(topic, async (ctx, message) =>
      ++attempts === 1 && first ? await first(ctx, message) : { kind: 'delivered' },
    );
    expect(await office.deliver(61, options)).toMatchObject({ failed: 1, delivered: 1 });
    expect(await rowOf(id)).toMatchObject({ attempts: 3, last_error: 'missing: x' });
  });
});
