/** Makes user CSS harmless: without URLs, imports and fonts, and without a way out of its <style>. */
import type { CssNode, List, ListItem } from 'css-tree';
import generate from 'css-tree/generator';
import parse from 'css-tree/parser';
import { ident } from 'css-tree/utils';
import walk from 'css-tree/walker';

const CHARACTERS_MAX = 65_536;
const BLOCKS_MAX = 5000;

const FUNCTIONS = new Set(
  (
    'rgb rgba hsl hsla calc min max clamp var counter counters repeat minmax fit-content linear-gradient ' +
    'radial-gradient translate rotate scale cubic-bezier'
  ).split(' '),
);
const AT_RULES = new Set(['media', 'page']);
/** No vendor prefixes: one of them can bind scripts. */
const PROPERTY = /^(?:--[a-z0-9-]+|[a-z]+(?:-[a-z]+)*)$/;
const PROPERTIES_REFUSED = new Set(['behavior', 'src']);

export class UnsafeCssError extends Error {
  override readonly name = 'UnsafeCssError';
}

const refuse = (detail: string): never => {
  throw new UnsafeCssError(detail);
};

/**
 * Parses the rules and writes them again. Throws UnsafeCssError with a sentence for the author for anything that
 * cannot be parsed (a browser might read it differently), for URLs, and for functions and rules that are not on the
 * lists above.
 */
export function sanitiseCss(css: string, context: 'stylesheet' | 'declarationList' = 'stylesheet'): string {
  if (css.length > CHARACTERS_MAX) refuse('CSS may have at most 65,536 characters.');
  if ((css.match(/[([{]/g)?.length ?? 0) > BLOCKS_MAX) refuse('CSS may have at most 5,000 blocks.');
  const tree = parse(css, {
    context,
    parseCustomProperty: true,
    positions: true,
    onParseError: (error) => refuse(`Line ${error.line}: ${error.message}.`),
  });
  walk(tree, { enter: checkNode });
  const clean = generate(tree);
  // A final check: the allowed CSS needs none of these characters.
  if (/[<\\@]/.test(clean.replace(/@(?:media|page)\b/g, '')))
    refuse('CSS strings may not contain <, \\ or @.');
  return clean;
}

function checkNode(node: CssNode, item: ListItem<CssNode>, list: List<CssNode>): void {
  if (node.type === 'Comment' || node.type === 'CDO' || node.type === 'CDC') {
    if (list) list.remove(item);
    return;
  }
  const fault = findFault(node);
  if (fault) refuse(`${node.loc ? `Line ${node.loc.start.line}: ` : ''}${fault}`);
}

function findFault(node: CssNode): string | null {
  switch (node.type) {
    case 'Url':
      return 'url() is not allowed.';
    case 'Raw':
      return 'this cannot be parsed.';
    case 'Atrule':
      return AT_RULES.has(plain(node.name)) ? null : `@${node.name} is not allowed.`;
    case 'Function':
      return FUNCTIONS.has(plain(node.name)) ? null : `${node.name}() is not allowed.`;
    case 'Declaration': {
      const property = plain(node.property);
      const isTaken = PROPERTY.test(property) && !PROPERTIES_REFUSED.has(property);
      return isTaken ? null : `the property ${node.property} is not allowed.`;
    }
    default:
      return null;
  }
}

/** The name as a browser reads it, with escapes decoded. */
const plain = (name: string): string => ident.decode(name).toLowerCase();
