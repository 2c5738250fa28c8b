import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { invalidRequest, notFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import type { CreateTemplateInput } from './create-template.ts';
import type { InvoiceTemplate } from './invoice-template.ts';
import { describeVariables, findTemplateFaults } from './template-content.ts';
import { clearDefault, findTemplate, updateTemplateRow } from './template-store.ts';

type Changing = Omit<CreateTemplateInput, 'organisation_id' | 'template_type'>;
/** Absent or undefined fields do not change. */
export type TemplateChanges = { readonly [Field in keyof Changing]?: Changing[Field] | undefined };

export interface UpdateTemplateInput {
  readonly id: string;
  readonly changes: TemplateChanges;
  /** Throws if the caller has read another state. */
  readonly assertUnchanged: (current: InvoiceTemplate) => void;
}

/**
 * Issued documents keep the template they were issued with. Throws `not_found`, `precondition_failed`, and
 * `invalid_request` with every fault of the changed template.
 */
export async function updateTemplate(
  ctx: Ctx,
  { id, changes, assertUnchanged }: UpdateTemplateInput,
): Promise<InvoiceTemplate> {
  if (!isUuid(id)) throw notFound('invoice template');
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const found = await findTemplate(tx, id);
    if (!found) throw notFound('invoice template');
    const { organisation_id, template_type } = found;
    if (organisation_id !== null) await tx.enter(tenant(organisation_id));
    // Before any template row is locked, so that two requests that each create a default run one after the other.
    await appendAudit(tx, ctx, {
      organisation_id: organisation_id ?? PLATFORM_CHAIN,
      entity_type: 'invoice_template',
      entity_id: id,
      action: 'invoice_template.update',
      changes,
    });
    const current = await findTemplate(tx, id, 'update');
    if (!current) throw notFound('invoice template');
    assertUnchanged(current);
    const next = changedOf(ctx, current, changes);
    const faults = findTemplateFaults(next);
    if (faults.length > 0) throw invalidRequest(faults);
    if (next.is_default) await clearDefault(tx, organisation_id, template_type, id, next.updated_at);
    return await updateTemplateRow(tx, next);
  });
}

function changedOf(ctx: Ctx, current: InvoiceTemplate, changes: TemplateChanges): InvoiceTemplate {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const next = { ...current, ...given, updated_at: formatInstant(ctx.now) } as InvoiceTemplate;
  return {
    ...next,
    settings: next.settings ?? (next.template_type === 'pdf' ? {} : null),
    // Deactivating a template also removes its default flag.
    is_default: changes.is_active === false && changes.is_default === undefined ? false : next.is_default,
    variables: variablesOf(current, changes),
  };
}

/** The author's descriptions are kept; generated ones follow the template. */
function variablesOf(
  current: InvoiceTemplate,
  { html_content, variables }: TemplateChanges,
): InvoiceTemplate['variables'] {
  if (variables !== undefined) return variables;
  if (!html_content || current.html_content === null) return current.variables;
  const before = describeVariables(current.html_content);
  const isOfTheHouse = JSON.stringify(sorted(before)) === JSON.stringify(sorted(current.variables));
  return isOfTheHouse ? tryDescribe(html_content) : current.variables;
}

const sorted = (record: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(record).sort();

/** A template with faults is refused later, with its faults. */
function tryDescribe(html: string): Record<string, string> {
  try {
    return describeVariables(html);
  } catch {
    return {};
  }
}
