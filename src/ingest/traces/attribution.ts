/**
 * The customer and user of a request's spans if neither resource nor span names them: from the headers, W3C baggage
 * last.
 */
import { NAMES } from './names.ts';

export interface Attribution {
  readonly customer: string | null;
  readonly user: string | null;
}

export function readAttribution(headers: Headers): Attribution {
  const baggage = baggageOf(headers.get('baggage') ?? '');
  const named = (names: readonly string[]): string | null =>
    names.map((name) => baggage.get(name)).find((value) => value !== undefined) ?? null;
  return {
    customer: headers.get('x-meterbook-customer') || named(NAMES.customer),
    user: headers.get('x-meterbook-user') || named(NAMES.user),
  };
}

/** `user.id=alice,customer.id=acme%20ltd;ttl=1`. If a name is repeated, the first value applies. */
function baggageOf(header: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const member of header.split(',')) {
    const [pair = ''] = member.split(';');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())];
    if (at > 0 && value !== '' && !members.has(name)) members.set(name, value);
  }
  return members;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
