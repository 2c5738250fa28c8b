/** Turns zod's issues into the faults of a problem document. */
import type * as z from 'zod';
import { AppError, type Fault, invalidRequest } from '../core/error.ts';
import { NUMBER_DIGITS_MAX } from '../core/read-fields.ts';

const CODES: Readonly<Record<string, string>> = {
  invalid_type: 'wrong_type',
  too_big: 'too_long',
  too_small: 'too_short',
  unrecognized_keys: 'unknown_field',
  invalid_value: 'not_allowed',
  invalid_format: 'invalid_format',
  custom: 'invalid',
};

const escapePart = (part: PropertyKey): string => String(part).replaceAll('~', '~0').replaceAll('/', '~1');

/** Whether the value's type does not match this branch of a union at all. */
const isOfAnotherType = (branch: readonly z.core.$ZodIssue[]): boolean =>
  branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0);

const isUnknownField = ({ code }: Fault): boolean => code === 'unknown_field';

function faultsOf(issue: z.core.$ZodIssue, prefix: '' | '?'): Fault[] {
  const pointerTo = (path: readonly PropertyKey[]): string =>
    prefix === '?' ? `?${path.map(String).join('.')}` : path.map((part) => `/${escapePart(part)}`).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      code: 'unknown_field',
      detail: `Unknown ${prefix === '?' ? 'parameter' : 'field'} ${JSON.stringify(key)}.`,
    }));
  }
  const isTyped = issue.code === 'invalid_type' || issue.code === 'invalid_union';
  const missing = isTyped && issue.input === undefined;
  if (issue.code === 'invalid_union' && !missing) {
    const [meant, ...others] = issue.errors.filter((branch) => !isOfAnotherType(branch));
    if (meant && others.length === 0) {
      return meant.flatMap((inner) => faultsOf({ ...inner, path: [...issue.path, ...inner.path] }, prefix));
    }
  }
  const code = missing ? 'required' : (CODES[issue.code] ?? 'invalid');
  return [{ pointer: pointerTo(issue.path), code, detail: missing ? 'Required.' : issue.message }];
}

/**
 * The parsed value, or `invalid_request` with a fault for each issue. Unknown fields come first: a missing
 * field is often a misspelt one. `?` marks query parameters.
 */
export function validate(schema: z.ZodType, value: unknown, prefix: '' | '?'): unknown {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, prefix));
  throw invalidRequest([...faults.filter(isUnknownField), ...faults.filter((each) => !isUnknownField(each))]);
}

/** Query parameters as an object; a repeated one is rejected. */
export function readQuery(url: URL): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [key, value] of url.searchParams) {
    if (Object.hasOwn(query, key)) {
      throw invalidRequest([
        { pointer: `?${key}`, code: 'repeated', detail: 'This parameter may be given only once.' },
      ]);
    }
    Object.defineProperty(query, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return query;
}

/** Quantities that may be JSON numbers; amounts of money may not. */
const QUANTITY_FIELDS = new Set(['included_units', 'package_size', 'up_to']);
const PLAIN_NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;

/** Parses JSON; a quantity's number becomes its own text if it has few enough digits to be exact. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, function revive(key: string, value: unknown, context?: { source?: string }) {
      if (typeof value !== 'number' || !QUANTITY_FIELDS.has(key)) return value;
      const source = context?.source ?? String(value);
      const digits = source.replace(/[-.]/g, '').replace(/^0+/, '').length;
      return PLAIN_NUMBER.test(source) && digits <= NUMBER_DIGITS_MAX ? source : value;
    } as (key: string, value: unknown) => unknown);
  } catch (cause) {
    throw new AppError('malformed_json', 'The body is not valid JSON.', { cause });
  }
}
