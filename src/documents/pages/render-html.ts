/** The page of an invoice or credit note: the document, with a frame that is not part of it. */
import { cleanText } from '../clean-text.ts';
import type { DocumentModel } from '../document-model.ts';
import { escapeHtml } from '../escape-html.ts';
import { titleOf } from '../format-document.ts';
import { fillText, formatAmount } from '../format-numbers.ts';
import { type LanguageCode, languageOf } from '../languages/index.ts';
import { DEFAULT_CSS, DEFAULT_HTML } from '../templates/default-template.ts';
import { sanitiseCss, UnsafeCssError } from '../templates/sanitise-css.ts';
import { sanitiseHtml } from '../templates/sanitise-html.ts';
import {
  fillTemplate,
  parseTemplate,
  type Template,
  TemplateError,
  type View,
} from '../templates/template.ts';
import { deriveDocumentView } from './document-view.ts';
import { PAGE_CSS } from './page-css.ts';
import { PAGE_TEXTS } from './page-texts.ts';

/** The state of an invoice since its issue. */
export interface PaymentState {
  readonly status: 'open' | 'paid' | 'credited' | 'cancelled';
  /** What is left to pay. */
  readonly amount_due: string;
}

export interface PageOptions {
  /** The file of `model.logo`. */
  readonly logo: Uint8Array | null;
  readonly links?: { readonly pdf?: string };
  readonly payment?: PaymentState;
}

export interface HtmlTemplate {
  readonly html_content: string;
  readonly css_content: string;
}

interface Body {
  readonly html: string;
  readonly css: string;
}

/**
 * The whole page of a document, with its own template or the default one. Never throws because of a template: if a
 * saved template fails today's checks, the default replaces it, because the customer must be able to see the
 * invoice.
 */
export function renderHtml(model: DocumentModel, options: PageOptions): string {
  const view: View = deriveDocumentView(model, options.logo, options.payment?.amount_due);
  return writePage(model, renderBody(model.templates.html, view), options);
}

function renderBody(template: HtmlTemplate | null, view: View): Body {
  if (template === null) return renderDefault(view);
  try {
    return renderTemplate(template, view);
  } catch (error) {
    if (error instanceof TemplateError || error instanceof UnsafeCssError) return renderDefault(view);
    throw error;
  }
}

/** Throws TemplateError and UnsafeCssError. */
export const renderTemplate = (template: HtmlTemplate, view: View): Body => ({
  html: sanitiseHtml(fillTemplate(parseTemplate(template.html_content), view)),
  css: sanitiseCss(template.css_content),
});

let ofTheHouse: { readonly template: Template; readonly css: string } | undefined;

function renderDefault(view: View): Body {
  ofTheHouse ??= { template: parseTemplate(DEFAULT_HTML), css: sanitiseCss(DEFAULT_CSS) };
  return { html: sanitiseHtml(fillTemplate(ofTheHouse.template, view)), css: ofTheHouse.css };
}

/** Wraps a body that has passed the sanitisers; pass nothing else. */
export function writePage(
  model: Pick<DocumentModel, 'language' | 'kind' | 'tax_regime' | 'number' | 'currency'>,
  { html, css }: Body,
  { links, payment }: Omit<PageOptions, 'logo'> = {},
): string {
  const { language } = model;
  const title = `${titleOf(model as DocumentModel)} ${cleanText(model.number)}`;
  const bar = [
    payment ? `<p class="mb-state mb-${payment.status}">${stateText(model, payment)}</p>` : '',
    links?.pdf
      ? `<a class="mb-button" href="${escapeHtml(links.pdf)}">${escapeHtml(PAGE_TEXTS[language].download_pdf)}</a>`
      : '',
  ].join('');
  const body = `${bar === '' ? '' : `<nav class="mb-bar">${bar}</nav>\n`}<main class="mb-sheet">\n${html}\n</main>`;
  return frame(language, title, css, body);
}

function stateText(
  { language, currency }: Pick<DocumentModel, 'language' | 'currency'>,
  { status, amount_due }: PaymentState,
): string {
  const texts = PAGE_TEXTS[language];
  if (status !== 'open') return escapeHtml(texts[status]);
  return escapeHtml(
    fillText(texts.still_due, { amount: formatAmount(languageOf(language), amount_due, currency) }),
  );
}

/** The page for a link that is not valid: the same for every reason. */
export const renderInvalidLink = (): string =>
  frame(
    'en',
    'Not found',
    '',
    '<main class="mb-sheet"><h1>This link is not valid</h1><p>It may have expired or been revoked. Ask the sender for a new one.</p></main>',
  );

/** The same policy is sent as a header; here it also protects a saved page. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const frame = (language: LanguageCode, title: string, css: string, body: string): string => `<!doctype html>
<html lang="${language}" dir="${PAGE_TEXTS[language].direction}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<meta name="format-detection" content="telephone=no">
<title>${escapeHtml(title)}</title>
<style>${PAGE_CSS}${css}</style>
</head>
<body>
${body}
</body>
</html>
`;
