import { cleanText } from '../clean-text.ts';
import type { DocumentModel } from '../document-model.ts';
import { fillText, formatAmount, formatDay } from '../format-numbers.ts';
import { type EmailKind, emailTextsOf } from '../languages/email.ts';
import { languageOf } from '../languages/index.ts';

export interface EmailContent {
  readonly kind: EmailKind;
  readonly model: DocumentModel;
  /** What is left to pay on the invoice, with the currency's decimals. */
  readonly amountDue: string;
  /** The page of the invoice. */
  readonly link: string;
}

export interface ComposedEmail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const HEADER_CHARACTERS_MAX = 200;

/** A user's text as one line, safe in a header: no line break can start another header. */
export const headerText = (text: string): string =>
  [...cleanText(text).replace(/\s+/g, ' ').trim()].slice(0, HEADER_CHARACTERS_MAX).join('');

/** Subject and body in the document's language. Every user text is one line, and escaped in the HTML. */
export function composeEmail({ kind, model, amountDue, link }: EmailContent): ComposedEmail {
  const language = languageOf(model.language);
  const texts = emailTextsOf(model.language);
  const values: Readonly<Record<string, string>> = {
    number: headerText(model.number),
    seller: headerText(model.seller.legal_name),
    buyer: headerText(model.buyer.legal_name),
    total: formatAmount(language, model.total, model.currency),
    open: formatAmount(language, amountDue, model.currency),
    issued: formatDay(language, model.issue_date),
    date: model.due_date === null ? '' : formatDay(language, model.due_date),
    invoice: headerText(model.corrects?.number ?? ''),
  };
  const sentences = [texts.openings[kind]];
  if (kind === 'invoice_issued' && model.due_date !== null) sentences.push(texts.due);
  if (kind === 'reminder_before') sentences.push(texts.due_soon);
  if (kind === 'reminder_after') sentences.push(texts.overdue, texts.paid_meanwhile);
  sentences.push(texts.attached);
  const greeting = fillText(texts.greeting, values);
  const body = sentences.map((sentence) => fillText(sentence, values));
  const seller = values['seller'] ?? '';
  return {
    subject: headerText(fillText(texts.subjects[kind], values)),
    text: `${[greeting, body.join('\n'), `${texts.view_online}: ${link}`, seller].join('\n\n')}\n`,
    html: htmlOf(model.language, {
      paragraphs: [greeting, body.join(' ')].map(escapeHtml),
      button: `<a href="${escapeHtml(link)}">${escapeHtml(texts.view_online)}</a>`,
      closing: escapeHtml(seller),
    }),
  };
}

interface HtmlParts {
  readonly paragraphs: readonly string[];
  readonly button: string;
  readonly closing: string;
}

const htmlOf = (language: string, { paragraphs, button, closing }: HtmlParts): string =>
  `<!doctype html><html lang="${language}"><head><meta charset="utf-8"></head>` +
  '<body style="font-family:sans-serif;line-height:1.5;color:#1a1a1a">' +
  `${[...paragraphs, button, closing].map((paragraph) => `<p>${paragraph}</p>`).join('')}</body></html>`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
