/**
 * Reduces the HTML of a filled template to what only displays: everything that is not on the lists is removed, with
 * its effect. A whole document is unwrapped, because the page has its own frame, in which <html>, <head>, <title>
 * and the usual <meta> are redundant.
 */
import sanitize from 'sanitize-html';
import { sanitiseCss } from './sanitise-css.ts';

const TAGS =
  'header footer main section article div p span h1 h2 h3 h4 h5 h6 table caption colgroup col thead tbody tfoot tr th ' +
  'td ul ol li dl dt dd strong b em i u s small sup sub br hr img a address';
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  '*': ['class', 'id', 'style', 'title', 'lang', 'dir'],
  td: ['colspan', 'rowspan'],
  th: ['colspan', 'rowspan', 'scope'],
  col: ['span'],
  img: ['src', 'alt', 'width', 'height'],
  a: ['href'],
};
export const ALLOWED_TAGS: readonly string[] = TAGS.split(' ');
export const isAllowedAttribute = (tag: string, attribute: string): boolean =>
  [...(ATTRIBUTES['*'] ?? []), ...(ATTRIBUTES[tag] ?? [])].includes(attribute);

/** Image types that cannot contain scripts. */
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/;
const LINK = /^(?:https:\/\/|mailto:)/i;
/** Elements whose content is not page text; it is removed with them. */
const WITH_CONTENT =
  'script style textarea option xmp noscript noembed noframes iframe template title svg math object embed';
/** The tags of a whole document; removed without a fault. */
const FRAME_TAGS: readonly string[] = ['html', 'head', 'title', 'meta', 'body'];
const HTML_ATTRIBUTES: readonly string[] = ['lang', 'dir', 'xmlns'];

/** Called for everything that would be removed: tags, and attributes as `tag[attribute]`. */
export type Taken = (what: string) => void;

export function sanitiseHtml(html: string, onTaken?: Taken): string {
  return sanitize(html, {
    ...(onTaken && watchTags(onTaken)),
    allowedTags: [...ALLOWED_TAGS],
    allowedAttributes: Object.fromEntries(
      Object.entries(ATTRIBUTES).map(([tag, names]) => [tag, [...names]]),
    ),
    disallowedTagsMode: 'discard',
    nonTextTags: WITH_CONTENT.split(' '),
    nestingLimit: 64,
    enforceHtmlBoundary: false,
    allowedSchemes: ['https', 'mailto'],
    allowedSchemesByTag: { img: ['data'] },
    allowProtocolRelative: false,
    // The library's style check knows only name-value pairs; ours parses the whole declaration list.
    parseStyleAttributes: false,
    transformTags: {
      '*': (tagName, attribs) => ({ tagName, attribs: checkAttributes(tagName, attribs, onTaken) }),
      body: (tagName, attribs) => unwrapBody(tagName, attribs, onTaken),
    },
  });
}

/** Reports each removed tag, and anything in <head> that does not belong there. */
function watchTags(onTaken: Taken): Pick<sanitize.IOptions, 'onOpenTag' | 'onCloseTag' | 'textFilter'> {
  let isInHead = false;
  return {
    onOpenTag(name, attributes) {
      if (name === 'head' || name === 'body') isInHead = name === 'head';
      if (FRAME_TAGS.includes(name)) {
        const what = findFrameFault(name, attributes);
        if (what !== null) onTaken(what);
      } else if (!ALLOWED_TAGS.includes(name)) onTaken(`<${name}>`);
      else if (isInHead) onTaken(`<${name}> within <head>`);
    },
    onCloseTag(name) {
      if (name === 'head') isInHead = false;
    },
    textFilter(text, parent) {
      if (parent === 'head' && text.trim() !== '') onTaken('text within <head>');
      return text;
    },
  };
}

function findFrameFault(tag: string, attributes: Readonly<Record<string, string>>): string | null {
  const names = Object.keys(attributes);
  if (tag === 'meta') {
    const isUsual = attributes['name']?.toLowerCase() === 'viewport' || names.join() === 'charset';
    return isUsual ? null : '<meta> other than charset and viewport';
  }
  const other = tag === 'html' ? names.find((name) => !HTML_ATTRIBUTES.includes(name)) : undefined;
  return other === undefined ? null : `${other} of <html>`;
}

/** Moves a body's classes, styles and similar attributes to a block around its content. */
function unwrapBody(
  tagName: string,
  attributes: Readonly<Record<string, string>>,
  onTaken: Taken | undefined,
): { tagName: string; attribs: Record<string, string> } {
  const attribs = checkAttributes(
    'div',
    attributes,
    onTaken && ((what) => onTaken(what.replace('<div>', '<body>'))),
  );
  return { tagName: Object.keys(attribs).length === 0 ? tagName : 'div', attribs };
}

function checkAttributes(
  tag: string,
  attributes: Readonly<Record<string, string>>,
  onTaken: Taken | undefined,
): Record<string, string> {
  if (!ALLOWED_TAGS.includes(tag)) return {};
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const clean = isAllowedAttribute(tag, name) ? checkAttribute(name, value) : null;
    if (clean === null) onTaken?.(`${name} of <${tag}>`);
    else checked[name] = clean;
  }
  return checked;
}

function checkAttribute(name: string, value: string): string | null {
  if (name === 'src') return PICTURE.test(value) ? value : null;
  if (name === 'href') return LINK.test(value) ? value : null;
  if (name !== 'style') return value;
  try {
    return sanitiseCss(value, 'declarationList');
  } catch {
    return null;
  }
}
