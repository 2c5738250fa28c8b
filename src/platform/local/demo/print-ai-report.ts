/** The cost of the demo's AI calls, the amount charged for them, and the difference in plain words. */
import {
  decimal,
  formatDecimal,
  formatFixed,
  roundHalfUp,
  subtract,
  unitsAt,
} from '../../../core/decimal.ts';
import { grouped, table } from './print-table.ts';
import type { AiReport, Spend } from './run-ai-demo.ts';

const COST_DECIMALS = 6;

export function printAiReport({ models, total, rate, invoice }: AiReport, say: (line: string) => void): void {
  say('\nThe same calls as AI calls of two models: cost in November 2023');
  const cells = (spend: Spend): string[] => [
    grouped(String(spend.call_count)),
    grouped(spend.input_tokens),
    grouped(spend.output_tokens),
    spend.avg_cost === null ? '' : dollars(spend.avg_cost),
    dollars(spend.total_cost),
  ];
  table(
    say,
    ['model', 'calls', 'tokens in', 'tokens out', 'USD per call', 'USD'],
    [...models.map((each) => [`${each.provider} ${each.model}`, ...cells(each)]), ['Total', ...cells(total)]],
  );

  const cost = decimal(total.total_cost);
  const charged = decimal(invoice.total);
  const margin = subtract(charged, cost);
  say(`\nInvoice ${invoice.invoice_number ?? '(draft)'} of their customer, at ${rate} % of the cost`);
  table(
    say,
    ['#', 'line', 'cost', invoice.currency],
    invoice.line_items.map((line) => [
      String(line.line_number),
      line.description,
      grouped(line.quantity),
      line.total,
    ]),
    [0, 1],
  );
  const tenths = (part: typeof cost, whole: typeof cost): string =>
    percent(unitsAt(part, MARGIN_SCALE), unitsAt(whole, MARGIN_SCALE));
  say(
    `\n  The models cost ${grouped(formatDecimal(cost))} ${invoice.currency}, the customer pays ` +
      `${grouped(formatFixed(charged, 2))}: a margin of ${grouped(formatDecimal(margin))},`,
  );
  say(`  ${tenths(margin, charged)} % of revenue. ${unpricedWords(total.unpriced_calls)}`);
}

const MARGIN_SCALE = 12;

/** Shown shorter than it is stored: the invoice has every digit. */
const dollars = (amount: string): string =>
  formatFixed(roundHalfUp(decimal(amount), COST_DECIMALS), COST_DECIMALS);

/** With one decimal, half away from zero. */
function percent(part: bigint, whole: bigint): string {
  if (whole === 0n) return '0.0';
  const tenths = (part * 2000n + whole) / (whole * 2n);
  return formatFixed({ units: tenths, scale: 1 }, 1);
}

const unpricedWords = (calls: number): string =>
  calls === 0
    ? 'Every call had a price.'
    : `${grouped(String(calls))} calls had no price: their cost is unknown and nothing was charged.`;
