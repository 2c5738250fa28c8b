import { appendAudit } from '../../access/audit/append-audit.ts';
import {
  add,
  type Decimal,
  decimal,
  formatDecimal,
  isZero,
  minimum,
  subtract,
  ZERO,
} from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { insertCarried } from '../book-store.ts';
import type { Invoice } from '../invoice.ts';
import type { Decrease, LineCredit } from '../lines/late-decrease.ts';
import { amountsOf, fitCredit, sumCreditLines } from './credit-line.ts';
import type { CreditNote, CreditNoteLine } from './credit-note.ts';
import { type CreditState, loadCreditState } from './credit-state.ts';
import { findProposal, insertCreditLines, insertCreditNote, updateProposal } from './credit-store.ts';
import { claimForCreditNote } from './credit-usage-store.ts';

export interface ProposeInput {
  readonly organisation_id: string;
  readonly decreases: readonly Decrease[];
  /** The draft whose own claims counted as open. */
  readonly draftId: string | null;
}

/** The one proposal of an invoice, and what it gains. */
interface Proposal {
  /** Null where it is new. */
  readonly before: CreditNote | null;
  readonly id: string;
  readonly credit: CreditState;
  readonly added: CreditNoteLine[];
  /** What else is left of the invoice, and what was added of each line. */
  room: Decimal;
  readonly taken: Map<number, Decimal>;
}

/**
 * Puts late usage that lowers issued invoices on their proposals: each invoice has one, made where there is none, and only
 * ever appended to until it is issued. The first credit of a decrease carries its quantity, and its note the adjustments
 * behind it; what goes below zero is carried on to the next period. Of a line no more goes back than is left of it, and of
 * its invoice. Needs the lock of the organisation. Answers how many proposals were made or grew.
 */
export async function proposeCreditNotes(
  tx: LedgerTransaction,
  ctx: Ctx,
  { organisation_id, decreases, draftId }: ProposeInput,
): Promise<number> {
  const proposals = new Map<string, Proposal>();
  for (const decrease of decreases) {
    for (const [index, credit] of decrease.credits.entries()) {
      const known = proposals.get(credit.invoice_id);
      const proposal = known ?? (await loadProposal(tx, ctx, organisation_id, credit.invoice_id));
      proposals.set(credit.invoice_id, proposal);
      append(proposal, decrease, credit, index === 0);
    }
  }
  for (const proposal of proposals.values()) await save(tx, ctx, proposal);
  for (const decrease of decreases) {
    const first = proposals.get(decrease.credits[0]?.invoice_id ?? '');
    assert(first, 'a decrease goes back to some line');
    await takeUp(tx, ctx, { organisation_id, id: first.id }, decrease, draftId);
  }
  return proposals.size;
}

async function loadProposal(
  tx: LedgerTransaction,
  ctx: Ctx,
  organisationId: string,
  invoiceId: string,
): Promise<Proposal> {
  const before = await findProposal(tx, organisationId, invoiceId);
  const credit = await loadCreditState(tx, organisationId, invoiceId);
  const id = before?.id ?? uuidv7(ctx.now);
  return { before, id, credit, added: [], room: credit.room, taken: new Map() };
}

function append(proposal: Proposal, decrease: Decrease, credit: LineCredit, isFirst: boolean): void {
  const { line_number } = credit;
  const line = proposal.credit.invoice.line_items.find((each) => each.line_number === line_number);
  assert(line, 'a decrease goes back to lines that exist');
  const credited = add(proposal.credit.creditedOf(line_number), proposal.taken.get(line_number) ?? ZERO);
  const wanted = minimum(credit.amount, subtract(decimal(line.total), credited));
  const part = fitCredit(line, credited, wanted, proposal.room);
  proposal.room = subtract(proposal.room, part.total);
  proposal.taken.set(line_number, add(proposal.taken.get(line_number) ?? ZERO, part.amount));
  proposal.added.push({
    line_number: (proposal.before?.line_items.length ?? 0) + proposal.added.length + 1,
    invoice_line_number: line_number,
    description: decrease.description,
    quantity: isFirst ? formatDecimal(decrease.quantity) : '0',
    carried_quantity: isFirst ? formatDecimal(decrease.carried_quantity) : '0',
    event_count: isFirst ? decrease.event_count : 0,
    original_amount: formatDecimal(credit.original_amount),
    ...amountsOf(part, line.currency),
  });
}

async function save(tx: LedgerTransaction, ctx: Ctx, proposal: Proposal): Promise<void> {
  const { before, credit, added } = proposal;
  const line_items = [...(before?.line_items ?? []), ...added];
  const note = noteOf(ctx, proposal, credit.invoice, line_items);
  if (before) await updateProposal(tx, note);
  else await insertCreditNote(tx, note, null);
  await insertCreditLines(
    tx,
    note,
    added.map(() => uuidv7(ctx.now)),
    added,
  );
  const { organisation_id, id, invoice_id, total, currency } = note;
  await appendAudit(tx, ctx, {
    organisation_id,
    entity_type: 'credit_note',
    entity_id: id,
    action: 'credit_note.propose',
    changes: { invoice_id, currency, total: { from: before?.total ?? null, to: total }, lines: added.length },
  });
}

function noteOf(
  { now }: Ctx,
  { before, id }: Proposal,
  invoice: Invoice,
  line_items: readonly CreditNoteLine[],
): CreditNote {
  const { organisation_id, id: invoice_id, billing_entity_id, currency, taxes } = invoice;
  return {
    organisation_id,
    id,
    invoice_id,
    billing_entity_id,
    credit_note_number: null,
    status: 'proposed',
    origin: 'late_usage',
    reason: null,
    currency,
    ...sumCreditLines(line_items, taxes, currency),
    pdf_url: null,
    pdf_sha256: null,
    pdf_generated_at: null,
    issued_at: null,
    created_at: before?.created_at ?? formatInstant(now),
    updated_at: formatInstant(now),
    line_items,
  };
}

async function takeUp(
  tx: LedgerTransaction,
  ctx: Ctx,
  note: Pick<CreditNote, 'organisation_id' | 'id'>,
  decrease: Decrease,
  draftId: string | null,
): Promise<void> {
  const { adjustment_ids, carried_quantity, metric_name, unit, year, month, last_day } = decrease;
  const claimed = await claimForCreditNote(tx, note, adjustment_ids, draftId);
  assert(claimed === adjustment_ids.length, 'under the lock of the organisation nothing else claims');
  if (isZero(carried_quantity)) return;
  const quantity = formatDecimal(carried_quantity);
  const carried = { id: uuidv7(ctx.now), metric_name, unit, year, month, day: last_day, quantity };
  await insertCarried(tx, { kind: 'credit_note', ...note }, [carried], ctx.now);
}
