/**
 * The rows of the hot stores as the drain reads them. Instants are in epoch milliseconds, quantities are canonical
 * text.
 */

export type Stream = 'events' | 'conflicts';

export interface HotEvent {
  readonly seq: number;
  readonly id: string;
  readonly organisation_id: string;
  readonly project_id: string;
  readonly metric_name: string;
  readonly metric_value: string;
  readonly unit: string;
  readonly timestamp: number;
  readonly user_id: string | null;
  readonly metadata: string;
  /** The AI call that the event represents (src/ai/call-content.ts). Null for any other event. */
  readonly generation: string | null;
  readonly idempotency_key: string;
  readonly fingerprint: string;
  readonly ingested_at: number;
}

export interface HotConflict {
  readonly seq: number;
  readonly id: string;
  readonly organisation_id: string;
  readonly project_id: string;
  readonly idempotency_key: string;
  readonly fingerprint: string;
  /** `fill`: a later arrival of the same AI call, with fields that the first lacks. */
  readonly kind: 'conflict' | 'fill';
  /** The event that was not stored, as JSON text. */
  readonly event: string;
  readonly first_event_id: string;
  readonly received_at: number;
}

export interface HotRows {
  readonly events: HotEvent;
  readonly conflicts: HotConflict;
}
