import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { actorName } from '../../core/actor.ts';
import { invalidRequest, parentNotFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { findOrganisation } from '../../tenants/store.ts';
import type { PdfSettings } from '../document-model.ts';
import type { InvoiceTemplate, TemplateType } from './invoice-template.ts';
import { describeVariables, findTemplateFaults } from './template-content.ts';
import { clearDefault, insertTemplate } from './template-store.ts';

export interface CreateTemplateInput {
  readonly organisation_id?: string | null | undefined;
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly template_type: TemplateType;
  readonly html_content?: string | null | undefined;
  readonly css_content?: string | null | undefined;
  readonly settings?: PdfSettings | null | undefined;
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly preview_data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly is_default?: boolean | undefined;
  readonly is_active?: boolean | undefined;
}

/** Throws `invalid_request` with every fault of the template, `not_found` for an unknown organisation. */
export async function createTemplate(ctx: Ctx, input: CreateTemplateInput): Promise<InvoiceTemplate> {
  const template = templateOf(ctx, input);
  const faults = findTemplateFaults(template);
  if (faults.length > 0) throw invalidRequest(faults);
  const variables =
    input.variables ?? (template.html_content === null ? {} : describeVariables(template.html_content));

  const { id, organisation_id } = template;
  return await ctx.ledger.transaction(
    organisation_id === null ? PLATFORM : tenant(organisation_id),
    async (tx) => {
      if (organisation_id !== null && !(await findOrganisation(tx, organisation_id))) {
        throw parentNotFound('/organisation_id', 'organisation');
      }
      // Take the audit chain's lock first, so that two requests that each create a default run one after the other.
      await appendAudit(tx, ctx, {
        organisation_id: organisation_id ?? PLATFORM_CHAIN,
        entity_type: 'invoice_template',
        entity_id: id,
        action: 'invoice_template.create',
        changes: { ...input },
      });
      if (template.is_default) {
        await clearDefault(tx, organisation_id, template.template_type, id, template.updated_at);
      }
      return await insertTemplate(tx, { ...template, variables });
    },
  );
}

function templateOf(ctx: Ctx, input: CreateTemplateInput): InvoiceTemplate {
  const at = formatInstant(ctx.now);
  return {
    id: uuidv7(ctx.now),
    organisation_id: input.organisation_id ?? null,
    name: input.name,
    description: input.description ?? null,
    template_type: input.template_type,
    is_default: input.is_default ?? false,
    is_active: input.is_active ?? true,
    html_content: input.html_content ?? null,
    css_content: input.css_content ?? null,
    settings: input.settings ?? (input.template_type === 'pdf' ? {} : null),
    variables: input.variables ?? {},
    preview_data: input.preview_data ?? null,
    created_by: actorName(ctx.actor),
    created_at: at,
    updated_at: at,
  };
}
