/** The suite's own ledger with issued invoices, files and e-mails in memory, and calls that fail on demand. */
import type pg from 'pg';
import { canonicalJson } from '../../../src/core/canonical-json.ts';
import type { EmailMessage, FileStore, Mailer, Outside, StoredFile } from '../../../src/core/ports.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import { type Ledger, openLedger } from '../../../src/db/ledger.ts';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { sendEmail } from '../../../src/documents/emails/send-email.ts';
import { linkFor } from '../../../src/documents/pages/create-invoice-link.ts';
import type { renderPdf } from '../../../src/documents/pdf/render-pdf.ts';
import { deliverDocument } from '../../../src/operations/outbox-handlers.ts';
import { deliverOutbox } from '../../../src/outbox/deliver-outbox.ts';
import type { OutboxHandlers } from '../../../src/outbox/message.ts';
import { createDatabase } from '../../setup/own-database.ts';
import { randomUUID } from '../../setup/seeded.ts';
import { sampleInvoice } from '../sample-model.ts';

export const SELLER = '00000000-0000-7000-8000-000000000001';
export const ISSUED = '2026-02-01T00:00:00.000Z';
export const MINUTE_MS = 60_000;
export const minutesAfter = (minutes: number): number => Date.parse(ISSUED) + minutes * MINUTE_MS;

export interface IssuedInvoice {
  readonly organisation_id: string;
  readonly invoice_id: string;
  readonly document_id: string;
  readonly render_id: string;
  readonly email_id: string;
}

export interface InvoiceFields {
  readonly organisation_id?: string;
  readonly status?: string;
  readonly due_date?: string;
  readonly recipient?: string;
  readonly timezone?: string;
  readonly model?: Partial<DocumentModel>;
  /** More columns of the organisation. */
  readonly reminder_days_before?: number | null;
  readonly reminder_days_after?: number | null;
}

export interface SentEmail extends EmailMessage {
  readonly bytes: Uint8Array | undefined;
}

export class MemoryFiles implements FileStore {
  readonly stored = new Map<string, StoredFile>();
  async get(key: string): Promise<StoredFile | null> {
    return this.stored.get(key) ?? null;
  }
  async putIfAbsent(key: string, file: StoredFile): Promise<boolean> {
    if (this.stored.has(key)) return false;
    this.stored.set(key, file);
    return true;
  }
  async list(prefix: string): Promise<string[]> {
    return [...this.stored.keys()].filter((key) => key.startsWith(prefix));
  }
  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.stored.delete(key);
  }
}

/** The same bytes for the same model, without drawing. */
export const plainRender: typeof renderPdf = async (model) =>
  new TextEncoder().encode(`%PDF-1.7 ${canonicalJson(JSON.parse(JSON.stringify(model)))}`);

export const handlersWith = (render: typeof renderPdf): OutboxHandlers => ({
  'document.render': deliverDocument(render),
  'email.send': sendEmail(linkFor),
});

export interface PostOffice {
  readonly owner: pg.Client;
  readonly files: MemoryFiles;
  readonly sent: SentEmail[];
  ctx(now: number, changes?: Partial<Ctx>): Ctx;
  addInvoice(fields?: InvoiceFields): Promise<IssuedInvoice>;
  addOutbox(organisationId: string, topic: string, payload: object, at?: string): Promise<string>;
  deliver(minutes: number, options?: DeliverOptions): ReturnType<typeof deliverOutbox>;
  rows<Row>(sql: string, ...values: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export interface DeliverOptions {
  readonly handlers?: OutboxHandlers;
  readonly changes?: Partial<Ctx>;
  readonly hasTime?: () => boolean;
}

const refuse = (): never => {
  throw new Error('nothing of the hot store is asked for');
};

export async function openPostOffice(name: string): Promise<PostOffice> {
  const database = await createDatabase(`outbox_${name}`);
  const { owner, appUrl } = database;
  const opened: Ledger[] = [];
  const open = (): Ledger => {
    const ledger = openLedger(appUrl);
    opened.push(ledger);
    return ledger;
  };
  const ledger = open();
  const files = new MemoryFiles();
  const sent: SentEmail[] = [];
  const mailer: Mailer = {
    async send(message) {
      if (message.to.endsWith('@bounce.invalid')) throw new Error('550 no such domain');
      sent.push({ ...message, bytes: message.attachments[0]?.bytes });
    },
  };
  const outside: Outside = {
    files,
    mailer,
    loadFonts: async () => [],
    publicUrl: 'https://billing.example.com',
    emailFrom: 'billing@example.com',
  };
  const ctx = (now: number, changes: Partial<Ctx> = {}): Ctx => ({
    now,
    requestId: 'req_test',
    actor: { kind: 'system', job: 'test' },
    ipAddress: null,
    userAgent: null,
    ledger,
    openLedger: open,
    directory: { prepare: refuse, batch: refuse },
    shards: new Map(),
    ...outside,
    ...changes,
  });
  const addOutbox = async (organisationId: string, topic: string, payload: object, at = ISSUED) => {
    const id = randomUUID();
    await owner.query(
      `INSERT INTO outbox (organisation_id, id, topic, payload, created_at, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, $5)`,
      [organisationId, id, topic, payload, at],
    );
    return id;
  };
  return {
    owner,
    files,
    sent,
    ctx,
    addOutbox,
    async addInvoice(fields = {}) {
      const { status = 'finalized', due_date = '2026-02-15', recipient = 'buyer@example.com' } = fields;
      const organisation_id = fields.organisation_id ?? randomUUID();
      const [invoice_id, document_id] = [randomUUID(), randomUUID()];
      const number = `INV/${invoice_id.slice(0, 8)}`;
      const model = sampleInvoice({ number, due_date, ...fields.model });
      await owner.query(
        `INSERT INTO organisations (id, name, billing_email, currency, timezone, billing_entity_id, shard,
           reminder_days_before, reminder_days_after)
         VALUES ($1, 'Acme', $2, 'INR', $3, $4, 0, $5, $6) ON CONFLICT DO NOTHING`,
        [
          organisation_id,
          recipient,
          fields.timezone ?? 'UTC',
          SELLER,
          fields.reminder_days_before === undefined ? 3 : fields.reminder_days_before,
          fields.reminder_days_after === undefined ? 7 : fields.reminder_days_after,
        ],
      );
      await owner.query(
        `INSERT INTO invoices (organisation_id, id, billing_entity_id, invoice_number, status, year, month, period_start,
           period_end, timezone, currency, subtotal, discount_total, tax_total, total, unpriced, issued_at, due_date)
         SELECT $1, $2, $3, $4, $5, 2026, count(*) + 1, '2026-01-01', '2026-02-01', 'UTC', 'INR', 100, 0, 18.00, 118.00,
           '[]', $6, $7 FROM invoices WHERE organisation_id = $1`,
        [organisation_id, invoice_id, SELLER, status === 'draft' ? null : number, status, ISSUED, due_date],
      );
      await owner.query(
        `INSERT INTO documents (organisation_id, id, kind, subject_id, model) VALUES ($1, $2, 'invoice', $3, $4)`,
        [organisation_id, document_id, invoice_id, model],
      );
      const render_id = await addOutbox(organisation_id, 'document.render', { document_id });
      const email_id = await addOutbox(organisation_id, 'email.send', {
        kind: 'invoice_issued',
        document_id,
        invoice_id,
        credit_note_id: null,
        recipient,
      });
      return { organisation_id, invoice_id, document_id, render_id, email_id };
    },
    deliver: (minutes, { handlers = handlersWith(plainRender), changes, hasTime = () => true } = {}) =>
      deliverOutbox(ctx(minutesAfter(minutes), changes), {
        moment: () => minutesAfter(minutes),
        hasTime,
        handlers,
      }),
    rows: async (sql, ...values) => (await owner.query(sql, values)).rows,
    async close() {
      for (const each of opened) await each.close();
      await database.close();
    },
  };
}

/** How a run fails: at which outside call, before or after its effect, and whether the process dies there. */
export interface Fault {
  /** From 1; 0 means no fault. */
  readonly call: number;
  readonly when: 'before' | 'after';
  readonly dies: boolean;
}

/** All outside dependencies of `ctx`, counted and failing as configured; the renderer counts as one more call. */
export function withFault(ctx: Ctx, fault: Fault): { ctx: Ctx; render: typeof renderPdf; calls: string[] } {
  const calls: string[] = [];
  let isDead = false;
  const guard = async <T>(name: string, effect: () => Promise<T>, undo = effect): Promise<T> => {
    if (isDead) throw new Error(`dead before ${name}`);
    calls.push(name);
    if (calls.length !== fault.call) return await effect();
    isDead = fault.dies;
    if (fault.when === 'before') await undo().catch(() => undefined);
    else await effect();
    throw new Error(`${name} failed ${fault.when} its effect`);
  };
  const nothing = async (): Promise<never> => {
    throw new Error('no effect');
  };
  const guardLedger = (ledger: Ledger): Ledger => ({
    transaction: (reach, work) =>
      guard(
        'commit',
        () => ledger.transaction(reach, work),
        () =>
          ledger.transaction(reach, async (tx) => {
            await work(tx);
            throw new Error('rolled back');
          }),
      ),
    close: () => ledger.close(),
  });
  return {
    calls,
    render: (model, assets) => guard('render', () => plainRender(model, assets), nothing),
    ctx: {
      ...ctx,
      ledger: guardLedger(ctx.ledger),
      openLedger: () => guardLedger(ctx.openLedger()),
      files: {
        get: (key) => guard('files.get', () => ctx.files.get(key), nothing),
        putIfAbsent: (key, file) => guard('files.put', () => ctx.files.putIfAbsent(key, file), nothing),
        list: (prefix) => guard('files.list', () => ctx.files.list(prefix), nothing),
        delete: (keys) => guard('files.delete', () => ctx.files.delete(keys), nothing),
      },
      mailer: { send: (message) => guard('mailer.send', () => ctx.mailer.send(message), nothing) },
    },
  };
}
