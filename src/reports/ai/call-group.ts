/** Pure: how calls are grouped, and how a group is named. */
import { unreachable } from '../../core/error.ts';
import type { Row } from '../../db/rows.ts';

export const GROUPINGS = ['type', 'model', 'user', 'project', 'application', 'day'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** The columns that form a group. */
export const GROUP_COLUMNS: Readonly<Record<Grouping, readonly (keyof GroupRow)[]>> = {
  type: ['generation_type'],
  model: ['provider', 'model'],
  user: ['user_id'],
  project: ['project_id'],
  application: ['application_id'],
  day: ['day'],
};

/** The columns of any grouping; a row has those of its own. */
export type GroupRow = Readonly<
  Pick<
    Row<'ai_generations'>,
    'generation_type' | 'provider' | 'model' | 'user_id' | 'project_id' | 'application_id' | 'day'
  >
>;

/** The group's name (null for calls without one), and its fields. */
export type Group = { readonly group: string | null } & Partial<GroupRow & { readonly scene: string }>;

export function deriveGroup(grouping: Grouping, row: GroupRow): Group {
  const { generation_type, provider, model, user_id, project_id, application_id, day } = row;
  switch (grouping) {
    case 'type':
      return { group: generation_type, generation_type, scene: generation_type };
    case 'model':
      return { group: `${provider}/${model}`, provider, model };
    case 'user':
      return { group: user_id, user_id };
    case 'project':
      return { group: project_id, project_id };
    case 'application':
      return { group: application_id, application_id };
    case 'day':
      return { group: day, day };
    default:
      return unreachable(grouping);
  }
}
