/** The tenant data published to the edge, and the part of it that the edge caches per key. */

export interface PublishedKey {
  readonly key_hash: string;
  readonly key_id: string;
  readonly project_id: string;
  readonly is_active: boolean;
  /** Epoch milliseconds. */
  readonly expires_at: number | null;
}

export interface Publication {
  /** An organisation, or `*` for data that applies to all. */
  readonly organisation_id: string;
  readonly shard: number;
  readonly is_active: boolean;
  readonly priced_metrics: readonly (readonly [metric_name: string, unit: string])[];
  /** Payloads of AI calls. */
  readonly stores_payloads: boolean;
  readonly version: number;
  readonly keys: readonly PublishedKey[];
}

export const EVERYONE = '*';

/** A key with its tenant, as ingest uses it. */
export interface EdgeKey {
  readonly key_id: string;
  readonly organisation_id: string;
  readonly project_id: string;
  readonly shard: number;
  readonly expires_at: number | null;
  readonly storesPayloads: boolean;
  readonly isPriced: (metricName: string, unit: string) => boolean;
}
