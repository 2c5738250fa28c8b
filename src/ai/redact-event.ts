/** Pure: redacts a listed or quarantined event when its user is deleted or the retention of its payloads ends. */
import { isObject } from '../core/read-fields.ts';
import { PAYLOADS, PERSONAL_FIELDS } from './generation-row.ts';

export interface ErasedUser {
  /** As sent in events. */
  readonly user_id: string;
  readonly pseudonym: string;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Fields that hold another record: a call's content, or the event that the row is about. Each is an object or JSON
 * text.
 */
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

/** Whether the event, or a record nested in it, names the user. */
function names(value: unknown, userId: string): boolean {
  if (typeof value === 'string') {
    const parsed = parse(value);
    return parsed ? names(parsed, userId) : value.includes(JSON.stringify(userId));
  }
  if (!isObject(value)) return false;
  return value['user_id'] === userId || NESTED.some((name) => names(value[name], userId));
}

/** Removes these fields, also from nested records, and replaces the id of `user` by the pseudonym. */
function strip(value: Json, fields: readonly string[], user: ErasedUser | null): Json {
  const kept: Record<string, unknown> = { ...value };
  for (const name of fields) delete kept[name];
  if (user && kept['user_id'] === user.user_id) kept['user_id'] = user.pseudonym;
  for (const name of NESTED) {
    const nested = kept[name];
    if (isObject(nested)) kept[name] = strip(nested, fields, user);
    if (typeof nested !== 'string') continue;
    const parsed = parse(nested);
    // Text that cannot be parsed could hold anything, so all of it is removed.
    kept[name] = parsed ? JSON.stringify(strip(parsed, fields, user)) : REMOVED;
  }
  return kept;
}

/**
 * The event's JSON without personal fields and with the user's id replaced. Null if the event is not the user's, or
 * there is nothing to remove. `isHis`: the event belongs to one of the user's calls, even if it does not name the
 * user.
 */
export function redactEvent(text: string, user: ErasedUser, isHis = false): string | null {
  const event = parse(text);
  if (!event || !(isHis || names(event, user.user_id))) return null;
  const redacted = JSON.stringify(strip(event, PERSONAL_FIELDS, user));
  return redacted === JSON.stringify(event) ? null : redacted;
}

/** The event's JSON without payloads. Text that cannot be parsed could be a payload, so all of it is removed. */
export function withoutPayloads(text: string): string {
  const event = parse(text);
  return event ? JSON.stringify(strip(event, PAYLOADS, null)) : JSON.stringify(REMOVED);
}
