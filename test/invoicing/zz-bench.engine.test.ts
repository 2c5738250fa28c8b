import { test } from 'vitest';
import { runInvoicing } from '/work/main/src/invoicing/run-invoicing.ts';
import { openSuite } from '/work/main/test/invoicing/ledger-of-suite.ts';
import pg from 'pg';
test('bench', async () => {
  const suite = await openSuite('bench');
  const N = 1000;
  const t0 = performance.now();
  for (let m = 0; m < 5; m++) await suite.addPlan({ metric_name: `m${m}`, price_per_unit: '0.01' });
  const orgs = [];
  for (let i = 0; i < N; i++) orgs.push(await suite.addOrganisation({ grace_hours: 0 }));
  for (const { organisation_id, projects } of orgs) {
    const ev = [];
    for (let m = 0; m < 5; m++) for (let d = 1; d <= 30; d++) ev.push({ project_id: projects[0]!, metric_name: `m${m}`, metric_value: String(d), timestamp: `2026-09-${String(d).padStart(2, '0')}T01:00:00Z` });
    suite.sendEvents(organisation_id, ev);
  }
  console.log('sent', Math.round(performance.now() - t0));
  const t1 = performance.now();
  await suite.drain();
  console.log('drained', Math.round(performance.now() - t1));
  await suite.owner.query('ANALYZE');
  let n = 0; const orig = pg.Client.prototype.query;
  const seen = new Map<string, number>();
  pg.Client.prototype.query = function (...a: any[]) { n++; const k = String(a[0]).replace(/\s+/g, ' ').slice(0, 70); seen.set(k, (seen.get(k) ?? 0) + 1); return (orig as any).apply(this, a); } as any;
  const t2 = performance.now();
  const r = await runInvoicing(suite.ctx('2026-11-20T00:00:00Z'), { as_of: Date.parse('2026-11-20T00:00:00Z'), hasTime: () => true });
  const ms = performance.now() - t2;
  pg.Client.prototype.query = orig;
  console.log(r, Math.round(ms), 'ms', (N / ms * 1000).toFixed(0), 'invoices/s', n / N, 'queries per invoice');
  for (const [k, v] of seen) if (v >= N) console.log((v / N).toFixed(2), k);
  await suite.close();
}, 600000);
