/** The sentences of e-mails. `fillText` fills the placeholders in braces. */
import type { LanguageCode } from './index.ts';

export const EMAIL_KINDS = [
  'invoice_issued',
  'credit_note_issued',
  'reminder_before',
  'reminder_after',
] as const;
export type EmailKind = (typeof EMAIL_KINDS)[number];

export interface EmailTexts {
  /** {buyer} */
  readonly greeting: string;
  /** {number} {seller} {date}; `date` is the due date */
  readonly subjects: Readonly<Record<EmailKind, string>>;
  /** {number} {seller} {total} {issued}, and {invoice} for a credit note */
  readonly openings: Readonly<Record<EmailKind, string>>;
  /** {date}: used if the invoice has a due date. */
  readonly due: string;
  /** {date} {open} */
  readonly due_soon: string;
  /** {date} {open} */
  readonly overdue: string;
  readonly paid_meanwhile: string;
  readonly view_online: string;
  readonly attached: string;
}

const en: EmailTexts = {
  greeting: 'Hello {buyer},',
  subjects: {
    invoice_issued: 'Invoice {number} from {seller}',
    credit_note_issued: 'Credit note {number} from {seller}',
    reminder_before: 'Invoice {number} from {seller} is due on {date}',
    reminder_after: 'Invoice {number} from {seller} was due on {date}',
  },
  openings: {
    invoice_issued: 'Here is invoice {number} from {seller}, dated {issued}, for {total}.',
    credit_note_issued:
      'Here is credit note {number} from {seller}, dated {issued}, for {total}. It corrects invoice {invoice}.',
    reminder_before: 'This is a reminder about invoice {number} from {seller}, dated {issued}, for {total}.',
    reminder_after: 'This is a reminder about invoice {number} from {seller}, dated {issued}, for {total}.',
  },
  due: 'It is due on {date}.',
  due_soon: 'It is due on {date}. The outstanding amount is {open}.',
  overdue: 'It was due on {date}. The outstanding amount is {open}.',
  paid_meanwhile: 'If you have already paid, please disregard this message.',
  view_online: 'View the invoice online',
  attached: 'The document is attached as a PDF.',
};

const de: EmailTexts = {
  greeting: 'Guten Tag {buyer},',
  subjects: {
    invoice_issued: 'Rechnung {number} von {seller}',
    credit_note_issued: 'Gutschrift {number} von {seller}',
    reminder_before: 'Rechnung {number} von {seller} ist am {date} fällig',
    reminder_after: 'Rechnung {number} von {seller} war am {date} fällig',
  },
  openings: {
    invoice_issued: 'hier ist die Rechnung {number} vom {issued} von {seller}: {total}.',
    credit_note_issued:
      'hier ist die Gutschrift {number} vom {issued} von {seller}: {total}. Sie berichtigt die Rechnung {invoice}.',
    reminder_before: 'es geht um die Rechnung {number} vom {issued} von {seller}: {total}.',
    reminder_after: 'es geht um die Rechnung {number} vom {issued} von {seller}: {total}.',
  },
  due: 'Sie ist am {date} fällig.',
  due_soon: 'Sie ist am {date} fällig; {open} sind noch offen.',
  overdue: 'Sie war am {date} fällig; {open} sind noch offen.',
  paid_meanwhile: 'Falls Sie inzwischen bezahlt haben, brauchen Sie nichts zu tun.',
  view_online: 'Rechnung online ansehen',
  attached: 'Das Dokument ist als PDF angehängt.',
};

const hi: EmailTexts = {
  greeting: 'नमस्ते {buyer},',
  subjects: {
    invoice_issued: '{seller} से बीजक {number}',
    credit_note_issued: '{seller} से क्रेडिट नोट {number}',
    reminder_before: '{seller} का बीजक {number} {date} को देय है',
    reminder_after: '{seller} का बीजक {number} {date} को देय था',
  },
  openings: {
    invoice_issued: '{seller} का बीजक {number}, दिनांक {issued}: {total}।',
    credit_note_issued:
      '{seller} का क्रेडिट नोट {number}, दिनांक {issued}: {total}। यह बीजक {invoice} को संशोधित करता है।',
    reminder_before: 'यह {seller} के बीजक {number}, दिनांक {issued}, के बारे में है: {total}।',
    reminder_after: 'यह {seller} के बीजक {number}, दिनांक {issued}, के बारे में है: {total}।',
  },
  due: 'इसकी देय तिथि {date} है।',
  due_soon: 'इसकी देय तिथि {date} है; {open} अभी बकाया है।',
  overdue: 'इसकी देय तिथि {date} थी; {open} अभी बकाया है।',
  paid_meanwhile: 'यदि आपने इस बीच भुगतान कर दिया है, तो आपको कुछ नहीं करना है।',
  view_online: 'बीजक ऑनलाइन देखें',
  attached: 'दस्तावेज़ PDF के रूप में संलग्न है।',
};

const TEXTS: Readonly<Record<LanguageCode, EmailTexts>> = { en, de, hi };

export const emailTextsOf = (code: LanguageCode): EmailTexts => TEXTS[code];
