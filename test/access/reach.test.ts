import { describe, expect, test } from 'vitest';
import { deriveReach, narrowFilter, projectOf } from '../../src/access/reach.ts';
import type { Actor } from '../../src/core/actor.ts';
import { AppError } from '../../src/core/error.ts';
import { PLATFORM, tenant } from '../../src/db/ledger.ts';

const [OWN, OTHER] = ['0190a000-0000-7000-8000-000000000001', '0190a000-0000-7000-8000-000000000002'];
const admin: Actor = { kind: 'admin', user_id: 'u', key_id: 'k', role: 'admin' };
const job: Actor = { kind: 'system', job: 'invoicing' };
const project: Actor = { kind: 'project', key_id: 'k', organisation_id: OWN, project_id: 'p' };
const anonymous: Actor = { kind: 'anonymous' };

const CASES = [
  { name: 'an admin sees every tenant', actor: admin, asked: undefined, reach: PLATFORM, filter: undefined },
  { name: 'or the one it asks for', actor: admin, asked: OTHER, reach: tenant(OTHER), filter: OTHER },
  { name: 'a job sees every tenant', actor: job, asked: undefined, reach: PLATFORM, filter: undefined },
  { name: 'or the one it works for', actor: job, asked: OTHER, reach: tenant(OTHER), filter: OTHER },
  { name: 'a project key sees its own', actor: project, asked: undefined, reach: tenant(OWN), filter: OWN },
  { name: 'also where it asks for it', actor: project, asked: OWN, reach: tenant(OWN), filter: OWN },
  { name: 'and nothing of another', actor: project, asked: OTHER, reach: tenant(OWN), filter: OTHER },
] as const;

describe('the reach of an actor', () => {
  test.each(CASES)('$name', ({ actor, asked, reach, filter }) => {
    expect(deriveReach(actor, asked)).toEqual(reach);
    const narrowed = narrowFilter(actor, { organisation_id: asked, status: 'paid' });
    expect(narrowed).toEqual({ organisation_id: filter, status: 'paid' });
  });

  test('without a key there is none', () => {
    expect(() => deriveReach(anonymous)).toThrow(AppError);
    expect(() => deriveReach(anonymous, OWN)).toThrow('A valid API key is required');
    expect(() => narrowFilter(anonymous, {})).toThrow(AppError);
  });
});

test('only a project key has a project', () => {
  expect(projectOf(project)).toEqual({ organisation_id: OWN, project_id: 'p' });
  for (const actor of [admin, job, anonymous]) expect(() => projectOf(actor)).toThrow('a project key');
});
