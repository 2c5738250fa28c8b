/** Real OpenTelemetry tracing against the test runtime. */
import { context, type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { baseUrl } from '../../setup/client.ts';
import { TRACES_PATH } from './spans.ts';

/** The log messages of the exporters. Each test checks those that it added. */
export const said: string[] = [];

/** Call once in a test file. Spans then find their parents, and warnings of the exporters are recorded. */
export function setUpTracing(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const keep = (...words: unknown[]): void => void said.push(words.map(String).join(' '));
  const ignore = (): void => undefined;
  const logger: DiagLogger = { error: keep, warn: keep, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, DiagLogLevel.WARN);
}

export type Encoding = 'JSON' | 'protobuf';

export function exporterOf(
  encoding: Encoding,
  key: string,
  headers: Record<string, string> = {},
): SpanExporter {
  const options = {
    url: new URL(TRACES_PATH, baseUrl).href,
    headers: { authorization: `Bearer ${key}`, ...headers },
    timeoutMillis: 60_000,
  };
  return encoding === 'JSON'
    ? new JsonExporter(options)
    : // Compressed, as collectors send it.
      new ProtobufExporter({ ...options, compression: 'gzip' as never });
}

export interface Tracing {
  readonly provider: BasicTracerProvider;
  /** All finished spans, exported or not. */
  readonly spans: () => readonly ReadableSpan[];
  /** Resolves when all spans are exported. */
  readonly flush: () => Promise<void>;
}

/** `immediate`: exports each span in its own request when it ends. */
export function startTracing(
  exporter: SpanExporter,
  { resource = {}, immediate = false }: { resource?: Record<string, string>; immediate?: boolean } = {},
): Tracing {
  const memory = new InMemorySpanExporter();
  const processor = immediate ? new SimpleSpanProcessor(exporter) : new BatchSpanProcessor(exporter);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(resource),
    spanProcessors: [new SimpleSpanProcessor(memory), processor],
  });
  return {
    provider,
    spans: () => memory.getFinishedSpans(),
    flush: () => provider.forceFlush(),
  };
}

/** Exports spans once and returns whether the exporter reports success. */
export const exportSpans = (exporter: SpanExporter, spans: readonly ReadableSpan[]): Promise<boolean> =>
  new Promise((resolve) => exporter.export([...spans], ({ code }) => resolve(code === 0)));
