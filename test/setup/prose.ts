/**
 * Splits a source file into the text that people read: its string literals and its comments. A lexer
 * sufficient for this code base.
 */

export interface Prose {
  readonly kind: 'string' | 'comment';
  readonly text: string;
  readonly line: number;
}

// After one of these, a slash begins a regular expression; elsewhere it divides.
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+<>~*%-]|\b(?:return|typeof|case|in|of|void|throw|await))\s*$/;

export function readProse(source: string): Prose[] {
  const found: Prose[] = [];
  // Brace depth in each open template literal, innermost last.
  const templates: number[] = [];
  let at = 0;
  const lineOf = (offset: number): number => source.slice(0, offset).split('\n').length;
  const take = (kind: Prose['kind'], from: number, to: number): void => {
    found.push({ kind, text: source.slice(from, to), line: lineOf(from) });
  };
  /** From the first character of a template's text to its end or to its next `${`. */
  const readTemplate = (from: number): number => {
    let end = from;
    while (end < source.length && source[end] !== '`' && source.slice(end, end + 2) !== '${') {
      end += source[end] === '\\' ? 2 : 1;
    }
    take('string', from, end);
    if (source[end] !== '$') return end + 1;
    templates.push(0);
    return end + 2;
  };
  while (at < source.length) {
    const char = source[at] ?? '';
    const two = source.slice(at, at + 2);
    if (two === '//') {
      const end = source.indexOf('\n', at);
      take('comment', at, end < 0 ? source.length : end);
      at = end < 0 ? source.length : end;
    } else if (two === '/*') {
      const end = source.indexOf('*/', at) + 2;
      take('comment', at, end);
      at = end;
    } else if (char === "'" || char === '"') {
      let end = at + 1;
      while (end < source.length && source[end] !== char) end += source[end] === '\\' ? 2 : 1;
      take('string', at + 1, end);
      at = end + 1;
    } else if (char === '`') {
      at = readTemplate(at + 1);
    } else if (char === '/' && BEFORE_REGEX.test(source.slice(Math.max(0, at - 20), at))) {
      let inClass = false;
      at += 1;
      while (at < source.length && (inClass || source[at] !== '/') && source[at] !== '\n') {
        if (source[at] === '[') inClass = true;
        if (source[at] === ']') inClass = false;
        at += source[at] === '\\' ? 2 : 1;
      }
      at += 1;
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && char === '}' && depth === 0) {
        templates.pop();
        at = readTemplate(at + 1);
        continue;
      }
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') templates[templates.length - 1] = depth - 1;
      at += 1;
    }
  }
  return found;
}
