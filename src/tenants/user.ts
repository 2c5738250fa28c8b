/** An end user of an organisation. */

export interface UserIdentity {
  readonly provider: string;
  readonly external_id: string;
  readonly label: string | null;
}

/** The known personal data of a user, besides the id in their events; null if unknown. */
export const PROFILE_FIELDS = [
  'email',
  'first_name',
  'last_name',
  'full_name',
  'avatar_url',
  'department',
  'role',
] as const;

export type Profile = Readonly<Record<(typeof PROFILE_FIELDS)[number], string | null>>;

export interface User extends Profile {
  readonly organisation_id: string;
  readonly id: string;
  /** The sender's own id. */
  readonly user_id: string;
  readonly is_active: boolean;
  readonly identities: readonly UserIdentity[];
  readonly created_at: string;
  readonly updated_at: string;
}

export interface UserChanges extends Partial<Readonly<Record<keyof Profile, string | null | undefined>>> {
  readonly is_active?: boolean | undefined;
  /** The complete list: existing identities that are not in it are removed. */
  readonly identities?: readonly IdentityInput[] | undefined;
}

export interface IdentityInput {
  readonly provider: string;
  readonly external_id: string;
  readonly label?: string | null | undefined;
}

/**
 * The names of the given fields. The audit log records nothing more about a person: it is never changed, so
 * its content could never be deleted.
 */
export const namesOf = (changes: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(changes).filter((name) => changes[name] !== undefined);
