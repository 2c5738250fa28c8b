/** Who performs an operation. Every verb receives it, and the audit row records it. */
export type Actor =
  | { readonly kind: 'admin'; readonly user_id: string; readonly key_id: string; readonly role: string }
  | {
      readonly kind: 'project';
      readonly key_id: string;
      readonly organisation_id: string;
      readonly project_id: string;
    }
  | { readonly kind: 'system'; readonly job: string }
  | { readonly kind: 'anonymous' };

/** The actor as one word for the audit log. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'admin':
      return `admin_key:${actor.key_id}`;
    case 'project':
      return `api_key:${actor.key_id}`;
    case 'system':
      return `job:${actor.job}`;
    case 'anonymous':
      return 'anonymous';
  }
}
