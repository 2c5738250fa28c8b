import { describe, expect, test } from 'vitest';
import { composeEmail, headerText } from '../../../src/documents/emails/compose-email.ts';
import { EMAIL_KINDS } from '../../../src/documents/languages/email.ts';
import { LANGUAGE_CODES } from '../../../src/documents/languages/index.ts';
import { sampleInvoice } from '../sample-model.ts';

const LINK = 'https://billing.example.com/i/token';
const model = sampleInvoice({ total: '1234567.50', due_date: '2026-02-15' });

test.each([
  ['invoice_issued', 'en', 'Invoice INV/25-26/00042 from Northwind Cloud Private Limited'],
  [
    'reminder_before',
    'en',
    'Invoice INV/25-26/00042 from Northwind Cloud Private Limited is due on 15 February 2026',
  ],
  [
    'reminder_after',
    'de',
    'Rechnung INV/25-26/00042 von Northwind Cloud Private Limited war am 15. Februar 2026 fällig',
  ],
  ['credit_note_issued', 'hi', 'Northwind Cloud Private Limited से क्रेडिट नोट INV/25-26/00042'],
] as const)('%s in %s has its subject', (kind, language, subject) => {
  const email = composeEmail({ kind, model: { ...model, language }, amountDue: '10.00', link: LINK });
  expect(email.subject).toBe(subject);
});

describe('every kind in every language says who, which, how much and where', () => {
  const cases = EMAIL_KINDS.flatMap((kind) => LANGUAGE_CODES.map((language) => [kind, language] as const));
  test.each(cases)('%s in %s', (kind, language) => {
    const email = composeEmail({ kind, model: { ...model, language }, amountDue: '999.90', link: LINK });
    for (const body of [email.text, email.html]) {
      for (const part of [
        'Northwind Cloud Private Limited',
        'INV/25-26/00042',
        'Lakshmi Analytics LLP',
        LINK,
      ]) {
        expect(body).toContain(part);
      }
      expect(body).toMatch(language === 'de' ? /1\.234\.567,50/ : /12,34,567\.50/);
      expect(body).not.toMatch(/[{}]\w*[{}]?(?=\s|$)/);
      expect(body.includes('999')).toBe(kind.startsWith('reminder'));
    }
    expect(`${email.subject}${email.text}`).not.toMatch(/\{|\}/);
    expect(email.html).toContain(`<html lang="${language}">`);
  });
});

test('an invoice without a due date says none', () => {
  const email = composeEmail({
    kind: 'invoice_issued',
    model: { ...model, due_date: null },
    amountDue: '1.00',
    link: LINK,
  });
  expect(email.text).not.toContain('due');
});

test('what a user wrote is text in the HTML, never markup', () => {
  const legal_name = `<script>alert("1")</script> & 'sons'`;
  const { html } = composeEmail({
    kind: 'invoice_issued',
    model: { ...model, seller: { ...model.seller, legal_name }, buyer: { ...model.buyer, legal_name } },
    amountDue: '1.00',
    link: `${LINK}?a=1&b="2"`,
  });
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;sons&#39;');
  expect(html).toContain(`href="${LINK}?a=1&amp;b=&quot;2&quot;"`);
});

test.each([
  ['a header of its own', 'Acme\r\nBcc: all@example.com', 'Acme Bcc: all@example.com'],
  ['a bare line feed', 'Acme\nX', 'Acme X'],
  ['a bare carriage return', 'Acme\rX', 'Acme X'],
  ['line and paragraph separators', 'Acme\u2028X\u2029Y', 'Acme X Y'],
  ['controls and overrides of direction', 'A\u0000c\u202eme\u0007', 'Acme'],
  ['blanks around', '  Acme   GmbH ', 'Acme GmbH'],
  ['no half of a character at the end', `${'a'.repeat(199)}😀😀`, `${'a'.repeat(199)}😀`],
])('a header takes no %s', (_, text, expected) => {
  expect(headerText(text)).toBe(expected);
});
