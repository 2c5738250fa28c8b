const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '/': '&#x2F;',
  '`': '&#x60;',
  '=': '&#x3D;',
};
/** For any place that HTML has for a text, attributes without quotes too. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"'`=/]/g, (character) => ENTITIES[character] ?? '');
