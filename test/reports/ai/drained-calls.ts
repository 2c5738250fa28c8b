/** An organisation with drained calls, as data for the reports. */
import { type GenerationContent, sendGenerations } from '../../ai/generations.ts';
import type { Suite } from '../../invoicing/ledger-of-suite.ts';

export type Call = readonly [timestamp: string, content: GenerationContent];

let keys = 0;

export async function addCalls(
  suite: Suite,
  organisation: { readonly organisation_id: string; readonly projects: readonly string[] },
  calls: readonly Call[],
): Promise<void> {
  const [project_id = ''] = organisation.projects;
  const sent = calls.map(([timestamp, content]) => ({
    project_id,
    timestamp,
    content: { idempotency_key: `call ${keys++}`, ...content },
  }));
  sendGenerations(suite, organisation.organisation_id, sent);
  await suite.drain();
}

/** A new organisation in a time zone with these calls. */
export async function organisationWith(
  suite: Suite,
  timezone: string,
  calls: readonly Call[],
): Promise<string> {
  const organisation = await suite.addOrganisation({ timezone });
  await addCalls(suite, organisation, calls);
  return organisation.organisation_id;
}
