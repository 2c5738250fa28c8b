/** What a template must be to be saved, and what previews are filled with. */
import type { Fault } from '../core/error.ts';
import { deriveDocumentView } from './document-view.ts';
import { SAMPLE_DOCUMENT, sampleLogo } from './sample-document.ts';
import { sanitiseCss, UnsafeCssError } from './sanitise-css.ts';
import { sanitiseHtml } from './sanitise-html.ts';
import {
  fillTemplate,
  parseTemplate,
  type Template,
  TemplateError,
  type View,
  type ViewValue,
} from './template.ts';
import type { InvoiceTemplate } from './template-store.ts';
import { ALL_VARIABLES, listVariables, type Variable } from './template-variables.ts';

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

/** Every fault of a template, with its place in the body of the request. */
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
  const faults = given.map(([name]) =>
    faultOf(`/${name}`, 'not_of_pdf', `A template of PDFs has no ${name}.`),
  );
  if (Object.keys(variables).length > 0) {
    faults.push(faultOf('/variables', 'not_of_pdf', 'A template of PDFs has no variables.'));
  }
  return faults;
}

function findHtmlFaults(content: TemplateContent): Fault[] {
  const faults: Fault[] = [];
  if (content.settings !== null) {
    faults.push(
      faultOf('/settings', 'not_of_html', 'A template of HTML has no settings: it has css_content.'),
    );
  }
  const known = new Map(listVariables());
  for (const name of Object.keys(content.variables)) {
    if (!known.has(name))
      faults.push(faultOf('/variables', 'unknown_variable', `There is no variable ‘${name}’.`));
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
  if (html.trim() === '') return [faultOf(pointer, 'required', 'A template of HTML needs its html_content.')];
  const taken = new Set<string>();
  try {
    const template: Template = parseTemplate(html);
    // Once with everything and once with nothing: what stands in inverted sections is seen too.
    for (const view of [sampleView(null), {}])
      sanitiseHtml(fillTemplate(template, view), (what) => taken.add(what));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.faults.map(({ code, detail }) => faultOf(pointer, code, detail));
  }
  return [...taken].map((what) => faultOf(pointer, 'forbidden_markup', `${what} is not taken.`));
}

/** Data for a preview has the shape of the variables; any of them may be left out. */
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
        return [faultOf(at, 'unknown_variable', 'There is no such variable.')];
      });
  }
}

/** What each variable that a template of HTML uses stands for. */
export function describeVariables(html: string): Record<string, string> {
  const { names } = parseTemplate(html);
  return Object.fromEntries(listVariables().filter(([name]) => names.has(name)));
}

/** The sample with the template's own data over it: lists are replaced, groups filled up. */
export const sampleView = (data: InvoiceTemplate['preview_data']): View =>
  mergeViews(deriveDocumentView(SAMPLE_DOCUMENT, sampleLogo()), (data ?? {}) as View);

function mergeViews(base: View, over: View): View {
  const isGroup = (value: ViewValue | undefined): value is View =>
    typeof value === 'object' && !Array.isArray(value);
  const merged: Record<string, ViewValue> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isGroup(value) && isGroup(below) ? mergeViews(below, value) : value;
  }
  return merged;
}
