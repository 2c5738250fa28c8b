export interface LocateEventInput {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly shard: number;
  readonly idempotency_key: string;
}
