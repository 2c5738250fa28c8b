/** Schemas on the page of the API description, in readable form. */
import { html } from 'hono/html';

/** Escapes its interpolated values, except those made by `html` itself. */
export type Html = ReturnType<typeof html>;

/** The subset of JSON Schema that zod writes. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
  readonly description?: string;
  /** Of a parameter: `path`, `query` or `header`. */
  readonly in?: string;
}

export const renderFields = (fields: readonly Field[]): Html =>
  html`<ul class="fields">${fields.map(renderField)}</ul>`;

function renderField({ name, in: place, required, schema, ...field }: Field): Html {
  const stated = statedOf(schema);
  const description = field.description ?? stated.description;
  const limits = [place, ...listLimits(stated)]
    .filter((limit) => limit !== undefined)
    .map((limit) => `, ${limit}`);
  return html`<li><code>${name}</code> <small>${renderType(schema)}${limits}</small>${required && html` <em>required</em>`}
${description && html`<p>${renderText(description)}</p>`}${renderNested(schema)}</li>`;
}

/** Of a nullable schema, the part that is not null. */
function statedOf(schema: Schema): Schema {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  return others.length === 1 ? { ...others[0], ...schema } : schema;
}

/** The fields of those nested objects that have no name to link to. */
export function renderNested({
  properties,
  required,
  items,
  anyOf,
  additionalProperties,
}: Schema): Html | Html[] {
  if (items) return renderNested(items);
  if (anyOf) return anyOf.flatMap(renderNested);
  const fields = Object.entries(properties ?? {});
  if (fields.length > 0) {
    return renderFields(
      fields.map(([name, schema]) => ({ name, schema, required: required?.includes(name) ?? false })),
    );
  }
  return typeof additionalProperties === 'object' ? renderNested(additionalProperties) : [];
}

export function renderType(schema: Schema): Html {
  const { $ref, anyOf, items, type = 'any', format, additionalProperties } = schema;
  if ($ref) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (anyOf) return joinTypes(anyOf);
  if (schema.enum) return html`${schema.enum.map((value) => JSON.stringify(value)).join(' or ')}`;
  if ('const' in schema) return html`${JSON.stringify(schema.const)}`;
  if (items) return html`array of ${renderType(items)}`;
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0) {
    return html`object of ${renderType(additionalProperties)}`;
  }
  return html`${[type].flat().join(' or ')}${format && ` (${format})`}`;
}

/** Two texts that differ only in their pattern count as one type here. */
function joinTypes(schemas: readonly Schema[]): Html {
  const kinds = new Map(
    schemas.map((each) => [JSON.stringify({ ...each, description: undefined, pattern: undefined }), each]),
  );
  return html`${[...kinds.values()].map((each, index) => [index > 0 && ' or ', renderType(each)])}`;
}

function listLimits({ minLength = 0, maxLength, minimum, maximum, default: preset }: Schema): string[] {
  const limits: string[] = [];
  if (maxLength !== undefined) limits.push(`${minLength} to ${maxLength} characters`);
  else if (minLength > 0) limits.push(`length at least ${minLength}`);
  // A bound beyond it is the bound of all integers and carries no information.
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER) limits.push(`from ${minimum}`);
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) limits.push(`to ${maximum}`);
  if (preset !== undefined) limits.push(`default ${JSON.stringify(preset)}`);
  return limits;
}

/** Text in which `backticks` mark code. */
export const renderText = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
