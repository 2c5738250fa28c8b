/** Parses a request's JSON text and finds the raw tokens of quantities that are JSON numbers. */
import { AppError, invalidRequest } from '../core/error.ts';

export function parseJsonBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('malformed_json', `The body is not valid JSON: ${parseErrorOf(error)}`);
  }
}

export const parseErrorOf = (error: unknown): string =>
  error instanceof Error ? error.message.slice(0, 200).toWellFormed() : 'it cannot be parsed.';

/**
 * The raw token of member `name` of each holder if it is a number, in the order of the holders. `holdersOf` finds
 * them in a parsed body by position, so a member with that name elsewhere is never mistaken for one.
 */
export function numberTokens(
  text: string,
  body: unknown,
  name: string,
  holdersOf: (body: unknown) => readonly unknown[],
): readonly (string | undefined)[] {
  const numbers = holdersOf(body).map((holder) => numberOf(holder, name));
  if (!numbers.some((number) => number !== undefined)) return [];
  const printed = numbers.map((number) => (number === undefined ? undefined : String(number)));
  const isExact = !LONG_NUMBER.test(text) && !printed.some((token) => token?.includes('e'));
  return isExact ? printed : revivedTokens(text, name, holdersOf);
}

/**
 * Matches a number that is the value of a member and has more than 15 characters of digits and point, more than 12
 * decimals or an exponent. A text without a match only has quantities of at most 15 digits. A double prints those
 * back exactly, so the reviver, which costs seven times the parse, is not needed. A match elsewhere, for example in
 * a string, only costs that time.
 */
const LONG_NUMBER = /:[ \t\r\n]*-?(?:\d[\d.]{15}|\d+\.\d{13}|[\d.]+[eE])/;

function numberOf(holder: unknown, name: string): number | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const value = (holder as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'number' ? value : undefined;
}

function revivedTokens(
  text: string,
  name: string,
  holdersOf: (body: unknown) => readonly unknown[],
): readonly (string | undefined)[] {
  const tokens = new Map<unknown, string | undefined>();
  const remember = function (
    this: unknown,
    key: string,
    value: unknown,
    context?: { source?: string },
  ): unknown {
    if (key === name && typeof value === 'number') tokens.set(this, context?.source);
    return value;
  };
  let again: unknown;
  try {
    again = JSON.parse(text, remember);
  } catch (error) {
    // Unlike the parse itself, the reviver recurses: thousands of levels exhaust the stack.
    if (!(error instanceof RangeError)) throw error;
    throw invalidRequest([{ pointer: '', code: 'too_deep', detail: 'The body is nested too deeply.' }]);
  }
  return holdersOf(again).map((holder) => tokens.get(holder));
}
