import { exponentOf } from '../../core/currency.ts';
import {
  add,
  compare,
  type Decimal,
  decimal,
  isZero,
  parseDecimal,
  subtract,
  sum,
  ZERO,
} from '../../core/decimal.ts';
import { AppError, type Fault, invalidRequest, parentNotFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatMoney } from '../../core/money.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, PLATFORM, tenant } from '../../db/ledger.ts';
import { findOwner } from '../../tenants/store.ts';
import type { Invoice, InvoiceRow, LineItem } from '../invoice.ts';
import { findInvoiceState } from '../store.ts';
import { amountsOf, type CreditPart, creditLine, sumCreditLines } from './credit-line.ts';
import type { CreditNote, CreditNoteLine } from './credit-note.ts';
import { type CreditState, loadCreditState } from './credit-state.ts';
import { findCreditNoteByKey, insertCreditLines, insertCreditNote } from './credit-store.ts';
import { issueProposed } from './issue-credit-note.ts';

export interface CreateCreditNoteInput {
  readonly invoice_id: string;
  /** Amounts of the lines' totals, before discount and tax. Default: everything left of every line. */
  readonly lines?: readonly CreditedAmount[] | undefined;
  readonly reason?: string | null | undefined;
  /** The request's key, prefixed by its sender: see `keyOfRow`. */
  readonly idempotency_key: string | null;
}

export interface CreditedAmount {
  readonly line_number: number;
  readonly amount: string;
}

/**
 * Credits lines of an issued invoice, or all of it, and issues the note at once. A repeated request with the same
 * key gets the original note. Throws, in this order, `not_found`, `idempotency_key_reused`, `invalid_state` (a
 * draft or a cancelled invoice), `invalid_request`, `credit_exceeds_invoice`.
 */
export const createCreditNote = (ctx: Ctx, input: CreateCreditNoteInput): Promise<CreditNote> =>
  ctx.ledger.transaction(PLATFORM, async (tx) => {
    const organisationId = await findOwner(tx, 'invoices', input.invoice_id);
    if (organisationId === null) throw parentNotFound('/invoice_id', 'invoice');
    await tx.enter(tenant(organisationId));
    const state = await findInvoiceState(tx, organisationId, input.invoice_id, true);
    if (!state) throw parentNotFound('/invoice_id', 'invoice');
    const made = await findMade(tx, organisationId, input);
    if (made) return made;
    assertCreditable(state.invoice);

    const credit = await loadCreditState(tx, organisationId, input.invoice_id);
    const note = noteOf(ctx, credit.invoice, input, partsOf(credit, input));
    await insertCreditNote(tx, note, input.idempotency_key);
    const lineIds = note.line_items.map(() => uuidv7(ctx.now));
    await insertCreditLines(tx, note, lineIds, note.line_items);
    return await issueProposed(tx, ctx, note, credit.invoice, state.account);
  });

async function findMade(
  tx: LedgerTransaction,
  organisationId: string,
  { idempotency_key, invoice_id, reason, lines }: CreateCreditNoteInput,
): Promise<CreditNote | null> {
  if (idempotency_key === null) return null;
  const made = await findCreditNoteByKey(tx, organisationId, idempotency_key);
  if (!made) return null;
  const isSame =
    made.invoice_id === invoice_id &&
    made.reason === (reason ?? null) &&
    (lines === undefined || isSameLines(made.line_items, lines));
  if (isSame) return made;
  throw new AppError(
    'idempotency_key_reused',
    'This Idempotency-Key was used for a different credit note. Use a new key.',
  );
}

const isSameLines = (made: readonly CreditNoteLine[], lines: readonly CreditedAmount[]): boolean =>
  made.length === lines.length &&
  made.every((line, index) => {
    const asked = lines[index];
    const amount = asked && parseDecimal(asked.amount);
    return (
      asked?.line_number === line.invoice_line_number &&
      amount != null &&
      compare(amount, decimal(line.total)) === 0
    );
  });

function assertCreditable({ status }: InvoiceRow): void {
  if (status === 'finalized' || status === 'paid' || status === 'refunded') return;
  throw new AppError('invalid_state', `The invoice is ${status}. Only an issued invoice can be credited.`);
}

interface LineCredited {
  readonly line: LineItem;
  readonly part: CreditPart;
}

function partsOf(state: CreditState, { lines }: CreateCreditNoteInput): LineCredited[] {
  const parts = lines === undefined ? restOf(state) : namedOf(state, lines);
  const total = sum(parts.map(({ part }) => part.total));
  if (compare(total, ZERO) <= 0) {
    throw exceeds(
      'Nothing is left to credit on this invoice. Open proposals reserve their part until they are issued or dismissed.',
    );
  }
  if (compare(total, state.room) <= 0) return parts;
  const { currency } = state.invoice;
  const [asked, left] = [total, state.room].map((amount) => `${formatMoney(amount, currency)} ${currency}`);
  throw exceeds(`The lines add up to ${asked} with tax. Only ${left} of the invoice can be credited.`);
}

/** Includes negative lines: together they are what is left of the invoice. */
function restOf(state: CreditState): LineCredited[] {
  return state.invoice.line_items.flatMap((line) => {
    const credited = state.creditedOf(line.line_number);
    const left = subtract(decimal(line.total), credited);
    return isZero(left) ? [] : [{ line, part: creditLine(line, credited, left) }];
  });
}

function namedOf(state: CreditState, lines: readonly CreditedAmount[]): LineCredited[] {
  const byNumber = new Map(state.invoice.line_items.map((line) => [line.line_number, line]));
  const faults: Fault[] = lines.flatMap(({ line_number, amount }, index) => {
    const line = byNumber.get(line_number);
    const isRepeated = lines.findIndex((other) => other.line_number === line_number) < index;
    return findFaults(`/lines/${index}`, amount, line, isRepeated);
  });
  if (lines.length === 0)
    faults.push({
      pointer: '/lines',
      code: 'too_small',
      detail: 'Give at least one line, or omit lines to credit the whole remainder.',
    });
  if (faults.length > 0) throw invalidRequest(faults);

  const tooMuch: Fault[] = [];
  const parts = lines.flatMap(({ line_number, amount }, index) => {
    const line = byNumber.get(line_number);
    if (!line) return [];
    const credited = state.creditedOf(line_number);
    if (compare(add(credited, decimal(amount)), decimal(line.total)) > 0) {
      const left = formatMoney(subtract(decimal(line.total), credited), line.currency);
      const detail = `Only ${left} ${line.currency} of line ${line_number} can be credited.`;
      tooMuch.push({ pointer: `/lines/${index}/amount`, code: 'credit_exceeds_invoice', detail });
    }
    return [{ line, part: creditLine(line, credited, decimal(amount)) }];
  });
  const [first] = tooMuch;
  if (first) throw exceeds(first.detail, tooMuch);
  return parts;
}

/** Digits are counted as written: '100.0' is invalid for JPY. */
function findFaults(
  pointer: string,
  amount: string,
  line: LineItem | undefined,
  isRepeated: boolean,
): Fault[] {
  const fault = (field: string, code: string, detail: string): Fault[] => [
    { pointer: `${pointer}/${field}`, code, detail },
  ];
  if (!line) return fault('line_number', 'unknown_line', 'The invoice has no such line.');
  if (isRepeated) return fault('line_number', 'repeated', 'The line is listed twice.');
  if (compare(decimal(line.total), ZERO) <= 0)
    return fault(
      'line_number',
      'not_positive',
      'A line of zero or less can only be credited with the whole invoice. Omit lines.',
    );
  const value: Decimal | null = parseDecimal(amount);
  if (value === null) return fault('amount', 'invalid_decimal', 'Must be a decimal in plain notation.');
  const digits = exponentOf(line.currency);
  if (value.scale > digits) return fault('amount', 'too_precise', `${line.currency} has ${digits} decimals.`);
  if (compare(value, ZERO) <= 0) return fault('amount', 'not_positive', 'Must be greater than zero.');
  return [];
}

const exceeds = (detail: string, errors: readonly Fault[] = []): AppError =>
  new AppError('credit_exceeds_invoice', detail, { errors });

function noteOf(
  { now }: Ctx,
  invoice: Invoice,
  { reason }: CreateCreditNoteInput,
  parts: readonly LineCredited[],
): CreditNote {
  const { organisation_id, id: invoice_id, billing_entity_id, currency } = invoice;
  const line_items = parts.map(
    ({ line, part }, index): CreditNoteLine => ({
      line_number: index + 1,
      invoice_line_number: line.line_number,
      description: line.description,
      quantity: null,
      carried_quantity: '0',
      event_count: 0,
      original_amount: null,
      ...amountsOf(part, currency),
    }),
  );
  return {
    organisation_id,
    id: uuidv7(now),
    invoice_id,
    billing_entity_id,
    credit_note_number: null,
    status: 'proposed',
    origin: 'manual',
    reason: reason ?? null,
    currency,
    ...sumCreditLines(line_items, invoice.taxes, currency),
    pdf_url: null,
    pdf_sha256: null,
    pdf_generated_at: null,
    issued_at: null,
    created_at: formatInstant(now),
    updated_at: formatInstant(now),
    line_items,
  };
}
