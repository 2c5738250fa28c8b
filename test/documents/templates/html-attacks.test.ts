/** Nothing that a seller puts into a template, or a customer into a name, does more on a page than display. */
import { describe, expect, test } from 'vitest';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { renderHtml } from '../../../src/documents/pages/render-html.ts';
import {
  findTemplateFaults,
  type TemplateContent,
} from '../../../src/documents/templates/template-content.ts';
import { expectHarmless } from '../read-page.ts';
import { sampleEuInvoice, sampleInvoice, sampleLine } from '../sample-model.ts';

/** Each is tried as data in every text of a document, and as a part of a template. */
const PAYLOADS: readonly string[] = [
  '<script>alert(1)</script>',
  '</style><script>alert(1)</script>',
  '</title><img src=x onerror=alert(1)>',
  '--><svg onload=alert(1)>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  'x onclick=alert(1) y',
  '<p onclick="alert(1)" ONLOAD=x>x</p>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a><animate attributeName=href values=javascript:alert(1) /></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<xmp><p title="</xmp><img src onerror=alert(1)>">',
  '<textarea><img title="</textarea><img src=x onerror=1>">',
  '<template><script>alert(1)</script></template>',
  '<plaintext><script>alert(1)</script>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?xml-stylesheet href="javascript:alert(1)"?>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<base href="https://evil.example/">',
  '<link rel=stylesheet href="https://evil.example/x.css">',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<iframe src="data:text/html,<script>alert(1)</script>"></iframe>',
  '<object data="data:text/html,x"></object><embed src=x>',
  '<form action="https://evil.example"><input name=a><button formaction=javascript:alert(1)>x</button></form>',
  '<img srcset="https://evil.example/x 1x">',
  '<img src="https://evil.example/pixel.gif"><img src="//evil.example/x"><img src="/relative">',
  '<img src="data:image/svg+xml;base64,AAAA"><img src="data:text/html;base64,AAAA">',
  '<img src="data:image/png;base64,AAAA" onerror="alert(1)" onload="alert(1)">',
  '<video poster="https://evil.example/x"><source src="https://evil.example/x"></video><audio src=x autoplay></audio>',
  '<table background="https://evil.example/x"><tr><td background=x>1</table>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="JaVaScRiPt:alert(1)">x</a>',
  '<a href=" &#14; javascript:alert(1)">x</a>',
  '<a href="java\tscript:alert(1)">x</a><a href="java\nscript:alert(1)">x</a>',
  '<a href="&#106;&#97;vascript&colon;alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a><a href="vbscript:x">y</a><a href="file:///etc/passwd">z</a>',
  '<a href="//evil.example" ping="https://evil.example" target=_blank>x</a><a href="/i/other">y</a>',
  '<p style="background:url(https://evil.example/x)">x</p>',
  '<p style="background:u&#114;l(//evil.example)">x</p>',
  '<p style="background:\\75 rl(https://evil.example)">x</p>',
  '<p style="width:expression(alert(1))">x</p><p style="behavior:url(x)">x</p><p style="-moz-binding:url(x)">x</p>',
  '<p style="--x:url(//evil.example);background:var(--x)">x</p>',
  '<p style="color:red}</style><script>alert(1)</script>">x</p>',
  '<p style="@import \'//evil.example\'">x</p>',
  '<p id=document name=cookie data-x=1 contenteditable tabindex=0 is=x slot=y>x</p>',
  '{{{number}}}{{&number}}{{>x}}{{=<% %>=}}{{constructor}}{{#lines}}x{{/lines}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: another language's template
  '${alert(1)} <%= 1 %> #{1} {% include x %}',
  '__proto__',
  'line\r\nSet-Cookie: a=b\r\n\r\n<script>',
  '\u202e<script>\u202d\u2066x\u2069\u200b\u0000\u0008\ufeff',
  '\uff1cscript\uff1ealert(1)\uff1c/script\uff1e ﹤script﹥ ‹script›',
  '\ud800<script>\udc00',
  '<\u0000script>alert(1)</script><scr\u0000ipt>',
  '&lt;script&gt;alert(1)&lt;/script&gt;&#x3c;script&#x3e;&#60script>',
  'é नमस्ते ₹ 😀',
];

/** The document with the payload in every user text. */
function poisoned(model: DocumentModel, text: string): DocumentModel {
  const address = { line1: text, line2: text, city: text, region: text, postal_code: text, country: text };
  const party = {
    legal_name: text,
    address,
    email: text,
    tax_ids: [{ type: 'other' as const, value: text }],
  };
  return {
    ...model,
    number: text,
    place_of_supply: text,
    period: { ...model.period, timezone: text },
    corrects: { number: text, issue_date: '2026-01-01', reason: text },
    seller: party,
    buyer: party,
    lines: [
      sampleLine({ name: text, unit: text, hsn_sac: text, original_currency: text, original_amount: '1' }),
    ],
    discounts: [{ description: text, percentage: null, amount: '1.00' }],
    taxes: [{ name: text, country: text, rate: '9', taxable_amount: '1.00', amount: '0.09' }],
    conversions: [
      { original_currency: text, exchange_rate: '1', conversion_date: '2026-01-01', source: text },
    ],
    unpriced: [{ metric_name: text, unit: text, quantity: '1' }],
    payment_instructions: text,
    templates: { ...model.templates },
  };
}

/** A template with data in the most dangerous places: URLs, styles, and unquoted attributes. */
const CARELESS =
  '<p title={{buyer.name}} class="{{buyer.name}}" style="color:{{buyer.name}}">{{number}}</p>' +
  '<a href="{{buyer.name}}">x</a><a href={{buyer.name}}>x</a><img src="{{buyer.name}}" alt={{buyer.name}}>' +
  '<a href="https://example.com/{{buyer.name}}">y</a>{{#lines}}<div {{name}}>{{name}}</div><{{name}}>{{/lines}}';

const withTemplate = (html_content: string, css_content = ''): DocumentModel =>
  sampleInvoice({ templates: { html: { html_content, css_content }, pdf: {} } });

describe('as data', () => {
  test.each(PAYLOADS)('%s is shown and does nothing, in the page of the house', (payload) => {
    for (const model of [sampleInvoice(), sampleEuInvoice()]) {
      expectHarmless(renderHtml(poisoned(model, payload), { logo: null }));
    }
  });

  test.each(PAYLOADS)('%s does nothing in a careless template', (payload) => {
    expectHarmless(renderHtml(poisoned(withTemplate(CARELESS), payload), { logo: null }));
  });

  test('markup in a name is read as it was written, in every template', () => {
    const name = '<b>A & "B"</b> {{number}}';
    for (const html of [null, { html_content: '<p>{{#lines}}{{name}}{{/lines}}</p>', css_content: '' }]) {
      const model = sampleInvoice({ lines: [sampleLine({ name })], templates: { html, pdf: {} } });
      expect(expectHarmless(renderHtml(model, { logo: null })).text).toContain(name);
    }
  });
});

describe('as a template', () => {
  test.each(PAYLOADS)('%s leaves nothing but what shows', (payload) => {
    const template = `<section>before ${payload} {{number}}</section>`;
    const { text } = expectHarmless(renderHtml(withTemplate(template), { logo: null }));
    // Proves that this template was filled, not the default one in its place.
    if (!payload.includes('{{')) expect(text).toContain('before ');
  });

  test.each(PAYLOADS)('%s as a name or a value of an attribute leaves nothing but what shows', (payload) => {
    const template = `<p title="${payload}">{{number}}</p><p ${payload}>x</p><${payload}>`;
    expectHarmless(renderHtml(withTemplate(template), { logo: null }));
  });

  test.each(PAYLOADS)('%s as CSS leaves nothing but rules', (payload) => {
    for (const css of [payload, `p{color:red}${payload}p{margin:0}`, `p{content:"${payload}"}`]) {
      expectHarmless(renderHtml(withTemplate('<p>x</p>', css), { logo: null }));
    }
  });
});

const htmlOf = (html_content: string, css_content: string | null = null): TemplateContent => ({
  template_type: 'html',
  is_default: false,
  is_active: true,
  html_content,
  css_content,
  settings: null,
  variables: {},
  preview_data: null,
});
const codesOf = (content: TemplateContent): string[] => findTemplateFaults(content).map(({ code }) => code);

describe('what is refused when a template is saved', () => {
  test.each<[string, string[]]>([
    ['<p>{{number}}</p>', []],
    ['{{! a comment }}<p>{{#place_of_supply}}{{.}}{{/place_of_supply}}{{^logo}}x{{/logo}}</p>', []],
    ['{{{number}}}', ['forbidden_tag']],
    ['{{&number}}', ['forbidden_tag']],
    ['{{>partial}}', ['forbidden_tag']],
    ['{{=<% %>=}}<%& number %>', ['forbidden_tag', 'forbidden_tag']],
    ['{{number', ['syntax']],
    ['{{#lines}}', ['syntax']],
    ['{{/lines}}', ['syntax']],
    ['{{#lines}}{{/taxes}}', ['syntax']],
    ['{{nothing}}', ['unknown_variable']],
    ['{{constructor}}', ['unknown_variable']],
    ['{{__proto__}}', ['unknown_variable']],
    ['{{number.length}}', ['unknown_variable']],
    ['{{lines.length}}', ['unknown_variable']],
    ['{{toString}}', ['unknown_variable']],
    ['{{buyer.constructor.name}}', ['unknown_variable']],
    ['{{buyer.name.constructor}}', ['unknown_variable']],
    ['{{#buyer}}{{__proto__.x}}{{/buyer}}', ['unknown_variable']],
    ['{{.}}', ['unknown_variable']],
    ['{{lines}}', ['not_a_text']],
    ['{{buyer}}', ['not_a_text']],
    ['{{#lines}}{{#lines}}x{{/lines}}{{/lines}}', ['list_in_list']],
    ['{{#lines}}{{#taxes}}x{{/taxes}}{{/lines}}', ['list_in_list']],
    ['{{#lines}}{{#details}}{{.}}{{/details}}{{#tiers}}{{label}}{{/tiers}}{{/lines}}', []],
    ['{{#a}}{{/a}}', ['unknown_variable']],
    [`${'{{#buyer}}'.repeat(5)}x${'{{/buyer}}'.repeat(5)}`, ['too_deep']],
    [`<p>${' '.repeat(100)}</p>`, ['too_long']],
    [`{{${'a'.repeat(200)}}}`, ['too_long']],
    [`<p>${'x'.repeat(65_536)}</p>`, ['too_long']],
    ['{{number}}'.repeat(2001), ['too_long']],
    ['<style>p{}</style>', ['forbidden_markup']],
    ['<script>1</script>', ['forbidden_markup']],
    ['<p onclick="x">x</p>', ['forbidden_markup']],
    ['{{^number}}<script>1</script>{{/number}}', ['forbidden_markup']],
    ['<a href="javascript:x">x</a>', ['forbidden_markup']],
    ['<img src="https://example.com/x.png">', ['forbidden_markup']],
    ['<p style="background:url(x)">x</p>', ['forbidden_markup']],
    ['', ['required']],
    [' \n', ['required']],
  ])('%s', (html, codes) => {
    expect(codesOf(htmlOf(html))).toEqual(codes);
  });

  test('a fault says its line', () => {
    const faults = findTemplateFaults(htmlOf('<p>\n{{number}}\n{{nobody}}\n</p>\n{{&number}}'));
    expect(faults).toEqual([
      {
        pointer: '/html_content',
        code: 'unknown_variable',
        detail: 'Line 3: Unknown variable ‘nobody’.',
      },
      {
        pointer: '/html_content',
        code: 'forbidden_tag',
        detail: 'Line 5: Unescaped output ({{{…}}} and {{&…}}) is not allowed.',
      },
    ]);
    const [unclosed] = findTemplateFaults(htmlOf('<p>\n\n{{#lines}}x'));
    expect(unclosed).toMatchObject({
      code: 'syntax',
      detail: expect.stringMatching(/^Line 3: Unclosed section/),
    });
  });

  test.each<[string, boolean]>([
    ['a{color:red;margin:1px}', true],
    ['@page{size:A4;margin:1cm}@media print{a{color:rgb(1,2,3)}}', true],
    ['td{--x:1px;width:calc(1px + var(--x))}', true],
    ['/* a comment */ p::before{content:"§"}', true],
    ['@import "x";', false],
    ['@\\69mport "x";', false],
    ['@font-face{src:url(x)}', false],
    ['@namespace url(x);', false],
    ['@charset "x";', false],
    ['a{b:url(x)}', false],
    ['a{background:u\\rl(http://e)}', false],
    ['a{background:\\75 rl("http://e")}', false],
    ['a{background:URL("http://e")}', false],
    ['a{b:url( x y )}', false],
    ['a{b:url(x', false],
    ['a{--x:url(http://e)}', false],
    ['a{--x:{b:u\\rl(x)}}', false],
    ['a{b:image-set("http://e" 1x)}', false],
    ['a{background:-webkit-image-set("x" 1x)}', false],
    ['a{background:image("http://e")}', false],
    ['a{b:src("x")}', false],
    ['a{b:attr(x type(<url>))}', false],
    ['a{content:"</style><script>"}', false],
    ['a{content:"\\3c/style>"}', false],
    ['a[x="</style>"]{b:c}', false],
    ['</style><script>alert(1)</script>', false],
    ['a{b:expression(alert(1))}', false],
    ['a{-moz-binding:x}', false],
    ['a{behavior:x}', false],
    ['@media (x:url(http://e)){a{b:c}}', false],
    ['@supports (b:url(x)){a{b:c}}', false],
    ['a:not([x=url(z)]){b:c}', false],
    ['a{&:hover{b:url(x)}}', false],
    ['a{b:"x\n;@import y"}', false],
    ['a{b:c}}@import "x";', false],
    ['a{'.repeat(5001), false],
    [`a{color:red}/*${'x'.repeat(65_536)}*/`, false],
  ])('CSS %s: taken is %s', (css, isTaken) => {
    expect(codesOf(htmlOf('<p>x</p>', css))).toEqual(isTaken ? [] : ['unsafe_css']);
  });

  test.each<[string, Partial<TemplateContent>, string[]]>([
    [
      'data of the shape of the variables',
      { preview_data: { buyer: { name: 'B' }, lines: [{ name: 'L' }] } },
      [],
    ],
    ['an unknown variable', { preview_data: { nobody: 'x' } }, ['/preview_data/nobody']],
    ['a prototype', { preview_data: JSON.parse('{"__proto__":{"x":1}}') }, ['/preview_data/__proto__']],
    [
      'a prototype below',
      { preview_data: { buyer: { constructor: 'x' } } },
      ['/preview_data/buyer/constructor'],
    ],
    ['a number for a text', { preview_data: { total: 5 } }, ['/preview_data/total']],
    ['a text for a list', { preview_data: { lines: 'x' } }, ['/preview_data/lines']],
    [
      'too many items',
      { preview_data: { legal_notes: new Array(1001).fill('x') } },
      ['/preview_data/legal_notes'],
    ],
    ['a description of nothing', { variables: { nobody: 'x' } }, ['/variables']],
    ['settings of a PDF', { settings: {} }, ['/settings']],
    ['a default that is not active', { is_default: true, is_active: false }, ['/is_default']],
    ['HTML in a template of PDFs', { template_type: 'pdf' }, ['/html_content']],
  ])('%s', (_, fields, pointers) => {
    const faults = findTemplateFaults({ ...htmlOf('<p>x</p>'), ...fields });
    expect(faults.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  test('a template that becomes too long gives way to the page of the house', () => {
    const long = `{{#lines}}{{#tiers}}${'x'.repeat(60_000)}{{/tiers}}{{/lines}}`;
    const tier = { from: '0', to: null, quantity: '1', price_per_unit: '1', flat_fee: '0', amount: '1' };
    const model = {
      ...withTemplate(long),
      lines: [sampleLine({ tiers: new Array(100).fill(tier) })],
    };
    const { tags } = expectHarmless(renderHtml(model, { logo: null }));
    expect(tags.some(({ attributes }) => attributes['class'] === 'headline')).toBe(true);
  });
});
