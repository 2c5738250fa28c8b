import { readWithin } from '../../access/reach.ts';
import type { Page } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { InvoiceFilter } from '../../invoicing/store.ts';
import type { CallFilter } from '../ai/call-filter.ts';
import { listGenerations } from '../ai/generation-list-store.ts';
import { listUsageEvents, type UsageEventFilter } from '../usage/usage-store.ts';
import type { CsvColumn, CsvValue } from './csv.ts';
import { listExportedInvoices, listExportedLines } from './export-store.ts';
import { streamCsv } from './stream-csv.ts';

const PAGE_ROWS = 1000;

export const exportUsageEvents = (ctx: Ctx, filter: UsageEventFilter): Promise<ReadableStream<Uint8Array>> =>
  exportRows(ctx, filter, USAGE_EVENT_COLUMNS, (tx, narrowed, after) =>
    listUsageEvents(tx, narrowed, { limit: PAGE_ROWS, after }),
  );

export const exportGenerations = (ctx: Ctx, filter: CallFilter): Promise<ReadableStream<Uint8Array>> =>
  exportRows(ctx, filter, AI_GENERATION_COLUMNS, (tx, narrowed, after) =>
    listGenerations(tx, narrowed, { limit: PAGE_ROWS, after }),
  );

export const exportInvoices = (ctx: Ctx, filter: InvoiceFilter): Promise<ReadableStream<Uint8Array>> =>
  exportRows(ctx, filter, INVOICE_COLUMNS, (tx, narrowed, after) =>
    listExportedInvoices(tx, narrowed, after, PAGE_ROWS),
  );

export const exportInvoiceLineItems = (
  ctx: Ctx,
  filter: InvoiceFilter,
): Promise<ReadableStream<Uint8Array>> =>
  exportRows(ctx, filter, LINE_COLUMNS, (tx, narrowed, after) =>
    listExportedLines(tx, narrowed, after, PAGE_ROWS),
  );

/**
 * Uses a separate connection: the request's connection is closed when the response begins, and each page is a
 * transaction.
 */
async function exportRows<Filter extends { readonly organisation_id?: string | undefined }>(
  ctx: Ctx,
  filter: Filter,
  columns: readonly CsvColumn<object>[],
  read: (tx: LedgerTransaction, narrowed: Filter, after: string | null) => Promise<Page<object>>,
): Promise<ReadableStream<Uint8Array>> {
  const ledger = ctx.openLedger();
  return await streamCsv<object>({
    columns,
    readPage: (after) => readWithin({ ...ctx, ledger }, filter, (tx, narrowed) => read(tx, narrowed, after)),
    close: () => ledger.close(),
  });
}

/** `name` for user input, `=name` for our own values, which are written unchanged. */
const columnsOf = (...names: string[]): CsvColumn<object>[] =>
  names.map((given) => {
    const name = given.replace(/^=/, '');
    return { name, kind: given === name ? 'text' : 'value', of: (row) => cellOf(row, name) };
  });

function cellOf(row: object, name: string): CsvValue {
  const value = (row as Readonly<Record<string, unknown>>)[name];
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const USAGE_EVENT_COLUMNS = columnsOf(
  '=organisation_id',
  '=project_id',
  '=id',
  '=timestamp',
  'metric_name',
  '=metric_value',
  'unit',
  'user_id',
  'idempotency_key',
  'metadata',
  '=ingested_at',
  '=day',
  '=adjustment_id',
);

const AI_GENERATION_COLUMNS = columnsOf(
  '=organisation_id',
  '=project_id',
  '=id',
  '=occurred_at',
  '=day',
  'provider',
  'model',
  'generation_type',
  'scene_description',
  'user_id',
  'session_id',
  'application_id',
  'sku',
  '=status',
  'error_code',
  'error_message',
  '=duration_ms',
  'service_tier',
  '=input_tokens',
  '=output_tokens',
  '=cache_read_tokens',
  '=cache_write_5m_tokens',
  '=cache_write_1h_tokens',
  '=reasoning_tokens',
  '=prompt_tokens',
  '=completion_tokens',
  '=total_tokens',
  '=cost_usd',
  '=cost_source',
  '=price_ids',
  'request_id',
  'response_id',
  'idempotency_key',
  'client_key',
  'input_summary',
  'output_summary',
  'ip_address',
  'user_agent',
  '=ingested_at',
);

const INVOICE_COLUMNS = columnsOf(
  '=organisation_id',
  '=id',
  'invoice_number',
  '=status',
  '=year',
  '=month',
  '=period_start',
  '=period_end',
  'timezone',
  '=currency',
  '=subtotal',
  '=discount_total',
  '=tax_total',
  '=total',
  '=credited_total',
  '=paid_total',
  '=amount_due',
  '=original_currency',
  '=exchange_rate',
  '=conversion_date',
  '=issued_at',
  '=due_date',
  '=paid_at',
  '=cancelled_at',
  '=created_at',
);

const LINE_COLUMNS = columnsOf(
  '=organisation_id',
  '=invoice_id',
  'invoice_number',
  '=invoice_status',
  '=id',
  '=line_number',
  '=kind',
  'description',
  'metric_name',
  'unit',
  '=quantity',
  '=unit_price',
  '=total',
  '=currency',
  '=discount_amount',
  '=tax_amount',
  '=original_currency',
  '=original_amount',
  '=exchange_rate',
  'hsn_sac',
  'tax_category',
  '=year',
  '=month',
  '=first_day',
  '=last_day',
  '=event_count',
);
