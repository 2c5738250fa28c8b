import type { AuditEntry } from '../../access/audit/append-audit.ts';
import { assert } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { type CarriedRow, insertCarried } from '../book-store.ts';
import type { CreditNoteRow } from './credit-note.ts';
import { insertCreditLines, insertCreditNote, updateProposal } from './credit-store.ts';
import { claimForCreditNote } from './credit-usage-store.ts';
import type { Proposal } from './proposal.ts';

export interface SavedProposals {
  /** The ids of the rows that carry quantities over, by provisional id. */
  readonly carriedIds: ReadonlyMap<string, string>;
  /** Append these as late as possible. */
  readonly audit: readonly AuditEntry[];
}

/**
 * Saves proposals with the late usage that they settle, also usage claimed by the draft, and with what they carry
 * over. Needs the organisation's lock.
 */
export async function saveProposals(
  tx: LedgerTransaction,
  ctx: Ctx,
  proposals: readonly Proposal[],
  draftId: string | null,
): Promise<SavedProposals> {
  const carriedIds = new Map<string, string>();
  const carried: CarriedRow[] = [];
  const audit: AuditEntry[] = [];
  for (const proposal of proposals) {
    const note = noteOf(ctx, proposal);
    await saveProposal(tx, ctx, proposal, note, draftId);
    for (const { provisional_id, ...quantity } of proposal.carried) {
      const id = uuidv7(ctx.now);
      const source = { source_invoice_id: null, source_credit_note_id: note.id };
      carriedIds.set(provisional_id, id);
      carried.push({ organisation_id: note.organisation_id, id, ...quantity, ...source });
    }
    audit.push(auditOf(proposal, note));
  }
  await insertCarried(tx, carried, ctx.now);
  return { carriedIds, audit };
}

async function saveProposal(
  tx: LedgerTransaction,
  ctx: Ctx,
  { invoice, added, adjustment_ids }: Proposal,
  note: CreditNoteRow,
  draftId: string | null,
): Promise<void> {
  if (invoice.proposal) await updateProposal(tx, note);
  else await insertCreditNote(tx, note, null);
  const lineIds = added.map(() => uuidv7(ctx.now));
  await insertCreditLines(tx, note, lineIds, added);
  if (adjustment_ids.length === 0) return;
  const claimed = await claimForCreditNote(tx, note, adjustment_ids, draftId);
  assert(claimed === adjustment_ids.length, 'under the lock of the organisation nothing else claims');
}

function noteOf({ now }: Ctx, { invoice, totals }: Proposal): CreditNoteRow {
  const { organisation_id, invoice_id, billing_entity_id, currency, proposal } = invoice;
  return {
    organisation_id,
    id: proposal?.id ?? uuidv7(now),
    invoice_id,
    billing_entity_id,
    credit_note_number: null,
    status: 'proposed',
    origin: 'late_usage',
    reason: null,
    currency,
    ...totals,
    pdf_url: null,
    pdf_sha256: null,
    pdf_generated_at: null,
    issued_at: null,
    created_at: proposal?.created_at ?? formatInstant(now),
    updated_at: formatInstant(now),
  };
}

const auditOf = (
  { invoice: { proposal }, added }: Proposal,
  { organisation_id, id, invoice_id, total, currency }: CreditNoteRow,
): AuditEntry => ({
  organisation_id,
  entity_type: 'credit_note',
  entity_id: id,
  action: 'credit_note.propose',
  changes: {
    invoice_id,
    currency,
    total: { from: proposal?.total ?? null, to: total },
    lines: added.length,
  },
});
