import type { SeenUser } from './ports.ts';

/** Pure: the distinct users named by these events or calls. */
export function seenUsers(
  events: readonly { readonly organisation_id: string; readonly user_id: string | null }[],
): SeenUser[] {
  const seen = new Map<string, Map<string, SeenUser>>();
  for (const { organisation_id, user_id } of events) {
    if (user_id === null) continue;
    let ofOrganisation = seen.get(organisation_id);
    if (!ofOrganisation) {
      ofOrganisation = new Map();
      seen.set(organisation_id, ofOrganisation);
    }
    if (!ofOrganisation.has(user_id)) ofOrganisation.set(user_id, { organisation_id, user_id });
  }
  return [...seen.values()].flatMap((ofOrganisation) => [...ofOrganisation.values()]);
}
