/** Pure: what is left of a listed or quarantined event when its user is deleted, or its payloads have had their time. */
import { PAYLOADS, PERSONAL_FIELDS } from './generation-row.ts';

export interface ErasedUser {
  /** As events carry it. */
  readonly user_id: string;
  readonly pseudonym: string;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where a row carries another: a call's content, or the event that the row is about. Each as an object or as its JSON. */
const NESTED = ['generation', 'event'] as const;
const REMOVED = '[removed]';

function parse(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether the event, or what it carries, names the user. */
function names(value: unknown, userId: string): boolean {
  if (typeof value === 'string') {
    const parsed = parse(value);
    return parsed ? names(parsed, userId) : value.includes(JSON.stringify(userId));
  }
  if (!isObject(value)) return false;
  return value['user_id'] === userId || NESTED.some((name) => names(value[name], userId));
}

/** Without these fields, also in what it carries; `user`: his id is replaced. */
function strip(value: Json, fields: readonly string[], user: ErasedUser | null): Json {
  const kept: Record<string, unknown> = { ...value };
  for (const name of fields) delete kept[name];
  if (user && kept['user_id'] === user.user_id) kept['user_id'] = user.pseudonym;
  for (const name of NESTED) {
    const nested = kept[name];
    if (isObject(nested)) kept[name] = strip(nested, fields, user);
    if (typeof nested !== 'string') continue;
    const parsed = parse(nested);
    // What cannot be read could hold anything: it goes whole.
    kept[name] = parsed ? JSON.stringify(strip(parsed, fields, user)) : REMOVED;
  }
  return kept;
}

/**
 * The event's JSON without what is personal, the user's id replaced; null where it is not the user's, or nothing is left to
 * remove. `isHis`: it belongs to a call of the user, whether it names him or not.
 */
export function redactEvent(text: string, user: ErasedUser, isHis = false): string | null {
  const event = parse(text);
  if (!event || !(isHis || names(event, user.user_id))) return null;
  const redacted = JSON.stringify(strip(event, PERSONAL_FIELDS, user));
  return redacted === JSON.stringify(event) ? null : redacted;
}

/** The event's JSON without payloads; what cannot be read could be one, and goes whole. */
export function withoutPayloads(text: string): string {
  const event = parse(text);
  return event ? JSON.stringify(strip(event, PAYLOADS, null)) : JSON.stringify(REMOVED);
}
