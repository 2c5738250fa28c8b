/** The rules for saving a template, and the data of previews. */
import type { Fault } from '../../core/error.ts';
import { deriveDocumentView } from '../pages/document-view.ts';
import type { InvoiceTemplate } from './invoice-template.ts';
import { SAMPLE_DOCUMENT, sampleLogo } from './sample-document.ts';
import { sanitiseCss, UnsafeCssError } from './sanitise-css.ts';
import { sanitiseHtml } from './sanitise-html.ts';
import {
  fillTemplate,
  isView,
  parseTemplate,
  type Template,
  TemplateError,
  type View,
  type ViewValue,
} from './template.ts';
import { nameNearest } from './template-names.ts';
import { ALIASES, ALL_VARIABLES, listVariables, type Variable } from './template-variables.ts';

export type TemplateContent = Pick<
  InvoiceTemplate,
  | 'template_type'
  | 'is_default'
  | 'is_active'
  | 'html_content'
  | 'css_content'
  | 'settings'
  | 'variables'
  | 'preview_data'
>;

const FAULTS_MAX = 20;
const ITEMS_MAX = 1000;

/** Every fault of a template, with its pointer into the request body. */
export function findTemplateFaults(content: TemplateContent): Fault[] {
  const faults = content.template_type === 'html' ? findHtmlFaults(content) : findPdfFaults(content);
  if (content.is_default && !content.is_active) {
    faults.push(faultOf('/is_default', 'inactive', 'Only an active template can be the default.'));
  }
  return faults.slice(0, FAULTS_MAX);
}

const faultOf = (pointer: string, code: string, detail: string): Fault => ({ pointer, code, detail });

function findPdfFaults({ html_content, css_content, preview_data, variables }: TemplateContent): Fault[] {
  const fields = { html_content, css_content, preview_data };
  const given = Object.entries(fields).filter(([, value]) => value !== null);
  const faults = given.map(([name]) => faultOf(`/${name}`, 'not_of_pdf', `A PDF template has no ${name}.`));
  if (Object.keys(variables).length > 0) {
    faults.push(faultOf('/variables', 'not_of_pdf', 'A PDF template has no variables.'));
  }
  return faults;
}

function findHtmlFaults(content: TemplateContent): Fault[] {
  const faults: Fault[] = [];
  if (content.settings !== null) {
    faults.push(faultOf('/settings', 'not_of_html', 'An HTML template has no settings. Use css_content.'));
  }
  const known = new Map(listVariables());
  for (const name of Object.keys(content.variables)) {
    if (known.has(name)) continue;
    const detail = `Unknown variable ‘${name}’${nameNearest(name, [...known.keys()])}.`;
    faults.push(faultOf('/variables', 'unknown_variable', detail));
  }
  faults.push(...findDataFaults(ALL_VARIABLES, content.preview_data ?? {}, '/preview_data'));
  faults.push(...findMarkupFaults(content.html_content ?? ''));
  try {
    sanitiseCss(content.css_content ?? '');
  } catch (error) {
    if (!(error instanceof UnsafeCssError)) throw error;
    faults.push(faultOf('/css_content', 'unsafe_css', error.message));
  }
  return faults;
}

function findMarkupFaults(html: string): Fault[] {
  const pointer = '/html_content';
  if (html.trim() === '') return [faultOf(pointer, 'required', 'An HTML template needs html_content.')];
  const taken = new Set<string>();
  try {
    const template: Template = parseTemplate(html);
    // Once with everything and once with nothing, so that inverted sections are checked too.
    for (const view of [sampleView(null), {}])
      sanitiseHtml(fillTemplate(template, view), (what) => taken.add(what));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.faults.map(({ code, detail }) => faultOf(pointer, code, detail));
  }
  return [...taken].map((what) => faultOf(pointer, 'forbidden_markup', describeTaken(what)));
}

const describeTaken = (what: string): string =>
  what === '<style>' || what === '<link>'
    ? `${what} is not allowed. Put CSS in css_content.`
    : `${what} is not allowed.`;

/** Preview data has the shape of the variables; every variable is optional. */
function findDataFaults(variable: Variable, value: unknown, pointer: string): Fault[] {
  const wrong = (what: string): Fault[] => [faultOf(pointer, 'invalid_type', `Must be ${what}.`)];
  switch (variable.kind) {
    case 'text':
      return typeof value === 'string' ? [] : wrong('a text');
    case 'flag':
      return typeof value === 'boolean' ? [] : wrong('true or false');
    case 'list':
      if (!Array.isArray(value) || value.length > ITEMS_MAX)
        return wrong(`a list of at most ${ITEMS_MAX} items`);
      return value.flatMap((item, index) => findDataFaults(variable.item, item, `${pointer}/${index}`));
    case 'group':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
      return Object.entries(value).flatMap(([name, inner]) => {
        const field = Object.hasOwn(variable.fields, name) ? variable.fields[name] : undefined;
        const at = `${pointer}/${name.slice(0, 100)}`;
        if (field) return findDataFaults(field, inner, at);
        const near = nameNearest(name, Object.keys(variable.fields));
        return [faultOf(at, 'unknown_variable', `Unknown variable${near}.`)];
      });
  }
}

/** The meaning of each variable used in an HTML template. */
export function describeVariables(html: string): Record<string, string> {
  const { names } = parseTemplate(html);
  return Object.fromEntries(listVariables().filter(([name]) => names.has(name)));
}

export type PreviewData = Readonly<Record<string, unknown>>;

/** Faults in the data of a preview request. */
export const findPreviewFaults = (data: PreviewData): Fault[] =>
  findDataFaults(ALL_VARIABLES, data, '/data').slice(0, FAULTS_MAX);

/** The sample with the template's own data on top: lists are replaced, groups are merged. */
export const sampleView = (...data: readonly (PreviewData | null | undefined)[]): View =>
  overlayView(deriveDocumentView(SAMPLE_DOCUMENT, sampleLogo()), ...data);

/** A view with data on top, the last one winning. An alias follows its variable unless it is given itself. */
export function overlayView(base: View, ...data: readonly (PreviewData | null | undefined)[]): View {
  const given = data.reduce<View>((below, over) => mergeViews(below, (over ?? {}) as View), {});
  const merged: Record<string, ViewValue> = { ...mergeViews(base, given) };
  for (const [alias, path] of Object.entries(ALIASES)) {
    if (Object.hasOwn(given, alias) || !Object.hasOwn(given, path[0] ?? '')) continue;
    merged[alias] = path.reduce<ViewValue>(
      (value, field) => (isView(value) ? (value[field] ?? '') : ''),
      merged,
    );
  }
  const lines = given['line_items'] ?? given['lines'];
  return Array.isArray(lines) ? { ...merged, line_items: lines.map(completeItem) } : merged;
}

const completeItem = (item: ViewValue): ViewValue => {
  if (!isView(item)) return item;
  const { name, description, amount, total } = item;
  return {
    ...item,
    name: name ?? description ?? '',
    description: description ?? name ?? '',
    amount: amount ?? total ?? '',
    total: total ?? amount ?? '',
  };
};

function mergeViews(base: View, over: View): View {
  const merged: Record<string, ViewValue> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isView(value) && isView(below) ? mergeViews(below, value) : value;
  }
  return merged;
}
