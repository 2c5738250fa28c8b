/** The results of the demo, as readable tables. */
import { grouped, type Say, table } from './print-table.ts';
import { count, type DemoReport } from './run-demo.ts';

export function printReport(report: DemoReport, say: Say): void {
  const { invoice, receipts } = report;
  const perSecond = (events: number, seconds: number): string =>
    `${count(Math.round(events / seconds))} events/s`;

  say('\nInput');
  table(
    say,
    ['', ''],
    [
      ['model calls in the trace', count(report.calls)],
      ['events, two per call', count(report.events)],
      ['events sent, with retries', count(report.sent)],
      ['requests', `${count(report.requests)}, including ${report.retries} retries`],
      ['accepted', count(receipts.accepted)],
      ['recognised as duplicates', count(receipts.duplicates)],
      ['conflicts', count(receipts.conflicts)],
      ['ingest', `${report.seconds.toFixed(1)} s, ${perSecond(report.sent, report.seconds)}`],
      [
        'drained into the ledger',
        `${count(report.drained.n_counted)} events in ${report.drainSeconds.toFixed(1)} s`,
      ],
    ],
  );

  say('\nAggregates of November 2023');
  table(
    say,
    ['metric', 'unit', 'events', 'total'],
    report.aggregates.map((row) => [
      row.metric_name,
      row.unit,
      count(row.event_count),
      grouped(row.total_value),
    ]),
    [0, 1],
  );

  say(`\nInvoice ${invoice.invoice_number ?? '(draft)'}, ${invoice.status}, due ${invoice.due_date ?? '-'}`);
  table(
    say,
    ['#', 'line', 'quantity', 'price', invoice.currency],
    [
      ...invoice.line_items.flatMap((line) => [
        [
          String(line.line_number),
          line.description,
          grouped(line.quantity),
          line.unit_price ?? '',
          line.total,
        ],
        ...(line.tiers ?? []).map((tier) => [
          '',
          `  ${grouped(tier.from)} to ${tier.to === null ? 'any' : grouped(tier.to)}`,
          grouped(tier.quantity),
          tier.price_per_unit,
          `(${tier.amount})`,
        ]),
      ]),
      ['', 'Total', '', '', invoice.total],
    ],
    [0, 1],
  );
  const matches = report.explained.lines.every((line) => line.recomputed?.matches !== false);
  say(`\n  Every line recomputed from its events: ${matches ? 'they match.' : 'THEY DO NOT MATCH.'}`);
}

export function printPlaces(report: DemoReport, url: string, say: Say): void {
  const { invoice } = report;
  say('\nNext');
  say(`  curl -H "Authorization: Bearer $ADMIN_KEY" ${url}/v1/admin/invoices/${invoice.id}/explain`);
  say(`  curl -H "Authorization: Bearer ${report.projectKey}" \\`);
  say(`    "${url}/v1/events/azure-llm-code-2023%2F1%2Fin"`);
  say(`  ${url}/docs\n`);
}
