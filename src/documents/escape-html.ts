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
/** Safe in every HTML context for text, including unquoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"'`=/]/g, (character) => ENTITIES[character] ?? '');
