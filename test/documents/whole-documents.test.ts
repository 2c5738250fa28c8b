/** A template may be a whole document; parts that would be lost are refused with a helpful message. */
import { expect, test } from 'vitest';
import { findTemplateFaults, type TemplateContent } from '../../src/documents/templates/template-content.ts';

const templateOf = (html_content: string): TemplateContent => ({
  template_type: 'html',
  is_default: false,
  is_active: true,
  html_content,
  css_content: null,
  settings: null,
  variables: {},
  preview_data: null,
});

test.each<[string, string[]]>([
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{number}}</title></head><body>x</body></html>',
    [],
  ],
  [
    '<html><head><meta name="viewport" content="width=device-width"></head><body id="a" class="b"><p id="c">x</p></body></html>',
    [],
  ],
  ['<html>\n<body>x', []],
  ['<html onclick="x"><body>x</body></html>', ['forbidden_markup']],
  ['<html><body onload="x">x</body></html>', ['forbidden_markup']],
  ['<head><meta http-equiv="refresh" content="0"></head><p>x</p>', ['forbidden_markup']],
  ['<head><meta charset="utf-8" http-equiv="refresh"></head><p>x</p>', ['forbidden_markup']],
  ['<head><style>p{}</style></head><p>x</p>', ['forbidden_markup']],
  [
    '<head><link rel="stylesheet" href="x"><base href="x"><script>1</script></head>',
    ['forbidden_markup', 'forbidden_markup', 'forbidden_markup'],
  ],
  ['<head><p>x</p></head>', ['forbidden_markup']],
  ['<head>words</head>', ['forbidden_markup']],
])('%s', (html, codes) => {
  expect(findTemplateFaults(templateOf(html)).map(({ code }) => code)).toEqual(codes);
});

test.each<[string, string]>([
  [
    '<html><head><style>p{}</style></head><body>x</body></html>',
    '<style> is not allowed. Put CSS in css_content.',
  ],
  ['<html><body onload="x">x</body></html>', 'onload of <body> is not allowed.'],
  ['<head><p>x</p></head>', '<p> within <head> is not allowed.'],
  ['{{totl}}', 'Line 1: Unknown variable ‘totl’; the nearest are ‘total’ and ‘title’.'],
  [
    '{{buyer_name}}',
    'Line 1: Unknown variable ‘buyer_name’; the nearest are ‘buyer.name’, ‘seller_name’ and ‘buyer’.',
  ],
  [
    '{{#line_items}}{{descripton}}{{/line_items}}',
    'Line 1: Unknown variable ‘descripton’; the nearest is ‘description’.',
  ],
])('%s: the fault helps', (html, detail) => {
  expect(findTemplateFaults(templateOf(html)).map((fault) => fault.detail)).toEqual([detail]);
});
