export interface EventPlace {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly idempotency_key: string;
}
