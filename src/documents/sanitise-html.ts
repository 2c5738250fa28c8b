/** HTML of a filled template as HTML that only shows: what is not on the lists goes, with what it would do. */
import sanitize from 'sanitize-html';
import { sanitiseCss } from './sanitise-css.ts';

const TAGS =
  'header footer main section article div p span h1 h2 h3 h4 h5 h6 table caption colgroup col thead tbody tfoot tr th ' +
  'td ul ol li dl dt dd strong b em i u s small sup sub br hr img a address';
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  '*': ['class', 'style', 'title', 'lang', 'dir'],
  td: ['colspan', 'rowspan'],
  th: ['colspan', 'rowspan', 'scope'],
  col: ['span'],
  img: ['src', 'alt', 'width', 'height'],
  a: ['href'],
};
export const ALLOWED_TAGS: readonly string[] = TAGS.split(' ');
export const isAllowedAttribute = (tag: string, attribute: string): boolean =>
  [...(ATTRIBUTES['*'] ?? []), ...(ATTRIBUTES[tag] ?? [])].includes(attribute);

/** Pictures that cannot hold a script. */
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/;
const LINK = /^(?:https:\/\/|mailto:)/i;
/** Elements whose content is no text of the page: it goes with them. */
const WITH_CONTENT =
  'script style textarea option xmp noscript noembed noframes iframe template title svg math object embed head';

/** What a template has that would be taken out: tags, and attributes as `tag[attribute]`. */
export type Taken = (what: string) => void;

export function sanitiseHtml(html: string, onTaken?: Taken): string {
  return sanitize(html, {
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
    // The library's own check of styles knows only pairs of name and value; ours reads the whole.
    parseStyleAttributes: false,
    transformTags: {
      '*': (tagName, attribs) => ({ tagName, attribs: checkAttributes(tagName, attribs, onTaken) }),
    },
    onOpenTag: (name: string) => {
      if (!ALLOWED_TAGS.includes(name)) onTaken?.(`<${name}>`);
    },
  });
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
