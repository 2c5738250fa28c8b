/** Ungated, only by name: queries of AI calls, over 3,600,000 of them by 1,000 users in a year, through the API. */
import { loadCalls } from '../reports/ai/many-calls.ts';
import { openLab } from './lab.ts';
import { median, type Row } from './measurement.ts';

const CALLS = 3_600_000;
const USERS = 1_000;
const YEAR = { from: '2025-12-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
const NOW = '2026-11-30T12:00:00Z';
const RUNS = 7;

/** Paths below /v1/admin/ai/. */
const QUESTIONS: readonly (readonly [string, string])[] = [
  ["a user's spend of the month, and projected", 'projection?user_id=user%207'],
  ["a user's spend by type", 'spend?group_by=type&user_id=user%207'],
  ["a user's daily trend of 30 days", 'spend?group_by=day&user_id=user%207&from=2026-11-01'],
  ['the month of all users, and projected', 'projection?'],
  ["a user's recent calls", 'generations?user_id=user%207'],
  ['the month by scene', 'spend?group_by=scene'],
  ["a user's days", 'statistics?user_id=user%207'],
  ['the newest 50 calls', 'generations?'],
  ['the newest 50 calls that failed', 'generations?status=failed'],
  ['the month by model', 'spend?group_by=model'],
  ['the month by user, first page', 'spend?group_by=user'],
  ['the month by project', 'spend?group_by=project'],
  ['the year by model', 'spend?group_by=model&from=2025-12-01'],
  ['the year by user, first page', 'spend?group_by=user&from=2025-12-01'],
  ['the year by application', 'spend?group_by=application&from=2025-12-01'],
  ['the newest days of users, a page', 'statistics?'],
  ['errors of 30 days', 'errors?'],
  ['latency by model, 30 days', 'latency?group_by=model'],
];

export async function measureAnswers(): Promise<Row[]> {
  const lab = await openLab();
  try {
    const [tenant] = await lab.addTenants(1);
    if (!tenant) throw new Error('no tenant');
    await loadCalls(lab.owner, {
      organisation_ids: [tenant.organisationId],
      project_ids: [tenant.projectId],
      users: USERS,
      calls: CALLS,
      ...YEAR,
      payloadBytes: 300,
    });
    const rows: Row[] = [];
    for (const [index, [what, path]] of QUESTIONS.entries()) {
      const times: number[] = [];
      for (let run = 0; run <= RUNS; run++) {
        const startedAt = performance.now();
        await lab.get(`/v1/admin/ai/${path}&organisation_id=${tenant.organisationId}`, NOW);
        if (run > 0) times.push(performance.now() - startedAt);
      }
      rows.push({
        id: `q ${index + 1}`,
        what,
        measured: `${median(times).toFixed(0)} ms`,
        floor: '',
        figure: null,
        target: null,
        detail: { calls: CALLS, users: USERS, times },
      });
    }
    return rows;
  } finally {
    await lab.stop();
  }
}
