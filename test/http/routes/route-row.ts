/** The shape of a row of the route table, and the rows that many routes share. */

import { randomUUID } from '../../setup/seeded.ts';
import type { Json, Tenant } from '../../setup/world.ts';
import { ask } from '../wire.ts';

/** Ids created by earlier rows, for later ones. */
export interface Made {
  readonly tenant: Tenant;
  readonly eventKey: string;
  readonly year: number;
  readonly month: number;
  apiKeyId: string;
  planId: string;
  billingEntityId?: string;
  taxRateId?: string;
  exchangeRate?: { id: string; effective_to: string };
  discountId?: string;
  invoiceId: string;
  templateId?: string;
  linkId?: string;
  linkPath?: string;
  paymentId?: string;
  creditNoteId?: string;
  modelPriceId?: string;
  generationId?: string;
  userId?: string;
}

export interface Call {
  readonly path: string;
  readonly body?: unknown;
  /** In place of a JSON body. */
  readonly file?: { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> };
}

export interface RouteRow {
  readonly call: (made: Made) => Call;
  /** The call finds nothing to change and leaves no audit row: the route's own suite tests actual changes. */
  readonly changesNothing?: true;
  /** The status of a successful call; 200 by default. */
  readonly status?: number;
  readonly remember?: (made: Made, body: Json) => void;
  /**
   * The path ends in (or contains) an id: the same route for another id. Unknown and malformed ids answer
   * 404.
   */
  readonly pathOf?: (id: string) => string;
  /** The body names a parent in this field; an unknown parent is rejected with this status. */
  readonly parent?: { readonly field: string; readonly status: 404 | 422 };
}

export const admin = (path: string): string => `/v1/admin/${path}`;
export const list = (path: string): RouteRow => ({
  call: ({ tenant }) => ({ path: `${admin(path)}?organisation_id=${tenant.organisation_id}` }),
});
export const exported = (name: string): RouteRow => ({
  call: ({ tenant }) => ({ path: admin(`exports/${name}?organisation_id=${tenant.organisation_id}`) }),
});
export const read = (collection: string, idOf: (made: Made) => string): RouteRow => ({
  call: (made) => ({ path: admin(`${collection}/${idOf(made)}`) }),
  pathOf: (id) => admin(`${collection}/${id}`),
});
export const act = (verb: string, idOf: (made: Made) => string): RouteRow => {
  const [collection, action] = verb.split(' ');
  return {
    call: (made) => ({ path: admin(`${collection}/${idOf(made)}/${action}`), body: {} }),
    pathOf: (id) => admin(`${collection}/${id}/${action}`),
  };
};
export const change = (collection: string, idOf: (made: Made) => string, body: unknown): RouteRow => ({
  call: (made) => ({ path: admin(`${collection}/${idOf(made)}`), body }),
  pathOf: (id) => admin(`${collection}/${id}`),
});

export const organisationId = ({ tenant }: Made): string => tenant.organisation_id;
export const projectId = ({ tenant }: Made): string => tenant.project_id;
export const apiKeyId = ({ apiKeyId }: Made): string => apiKeyId;
export const planId = ({ planId }: Made): string => planId;
export const billingEntityId = (made: Made): string => made.billingEntityId ?? '';
export const taxRateId = (made: Made): string => made.taxRateId ?? '';
export const exchangeRateId = ({ exchangeRate }: Made): string => exchangeRate?.id ?? '';
export const modelPriceId = ({ modelPriceId = '' }: Made): string => modelPriceId;
export const generationId = ({ generationId = '' }: Made): string => generationId;
export const discountId = (made: Made): string => made.discountId ?? '';
export const invoiceId = ({ invoiceId }: Made): string => invoiceId;
export const creditNoteId = ({ creditNoteId = '' }: Made): string => creditNoteId;
export const templateId = ({ templateId = '' }: Made): string => templateId;
export const ofPeriod = (path: string) => (made: Made) => ({
  path: admin(path),
  body: { organisation_id: organisationId(made), year: made.year, month: made.month },
});

/** A new Idempotency-Key each time: some routes require one, and the others ignore it. */
export const callRoute = (method: string, { path, body, file }: Call, key: string | null) =>
  ask(path, {
    method,
    key,
    headers: { 'idempotency-key': randomUUID(), ...(file && { 'content-type': file.type }) },
    ...(body !== undefined && { json: body }),
    ...(file && { body: file.bytes }),
  });
