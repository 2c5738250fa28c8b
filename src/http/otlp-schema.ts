/** Bodies of OTLP/HTTP for the API description; they are parsed by hand (src/otlp), and leniently. */
import * as z from 'zod';
import { SPANS_HEADER } from './otlp-answer.ts';

const keyValue = z
  .looseObject({ key: z.string(), value: z.looseObject({}) })
  .meta({ id: 'OtlpKeyValue', description: 'As in opentelemetry-proto.' });
const attributes = z.array(keyValue).optional();

const span = z
  .looseObject({
    traceId: z.string().describe('32 hex digits; base64 is also accepted.'),
    spanId: z.string().describe('16 hex digits; base64 is also accepted.'),
    parentSpanId: z.string().optional(),
    name: z.string().optional(),
    kind: z.union([z.int(), z.string()]).optional(),
    startTimeUnixNano: z.union([z.string(), z.number()]).optional(),
    endTimeUnixNano: z.union([z.string(), z.number()]).optional(),
    attributes,
    status: z.looseObject({}).optional(),
  })
  .meta({ id: 'OtlpSpan' });

export const tracesBodySchema = z
  .looseObject({
    resourceSpans: z
      .array(
        z.looseObject({
          resource: z.looseObject({ attributes }).optional(),
          scopeSpans: z.array(z.looseObject({ spans: z.array(span).optional() })).optional(),
        }),
      )
      .optional(),
  })
  .meta({
    id: 'OtlpTraces',
    description: 'OTLP ExportTraceServiceRequest. Field names of the .proto files are also accepted.',
  });

export const tracesResponseSchema = z
  .object({
    partialSuccess: z
      .object({ rejectedSpans: z.string(), errorMessage: z.string() })
      .optional()
      .describe('Present only if spans were rejected; the others are stored.'),
    spans: z
      .object({ accepted: z.int(), duplicates: z.int(), ignored: z.int(), rejected: z.int() })
      .describe(
        `Number of spans by outcome. Also in the header ${SPANS_HEADER}, for protobuf responses too.`,
      ),
  })
  .meta({ id: 'OtlpTracesResponse' });

export const rpcStatusSchema = z
  .object({ code: z.int().describe('A google.rpc.Code.'), message: z.string() })
  .meta({ id: 'RpcStatus', description: 'google.rpc.Status.' });

export const describeTraces = (): string =>
  'Only model calls count: spans whose operation is chat, text_completion, generate_content or embeddings in the GenAI ' +
  'semantic conventions of OpenTelemetry (current and older names), and their equivalents from the AI SDK, OpenInference, ' +
  'OpenLLMetry, Langfuse and gateways. Spans of agents, steps and tools repeat the totals of their calls; they are accepted ' +
  'and ignored. If one model call is an ancestor of another in a trace, and both generate or both embed, only the lower one ' +
  'counts, or the first to arrive if they come in different requests. A call with gen_ai.response.id is the same call as ' +
  'one sent to POST /v1/ai/generations with that response_id and provider. A call with neither token counts nor an error ' +
  'is rejected. Input counts include the cache and output counts include reasoning, except for the kinds in usage_details ' +
  'of Langfuse; a part larger than its whole is treated as not included. The customer (application_id) and the user ' +
  '(user_id) come from the resource (meterbook.customer, customer.id; meterbook.user, user.id, enduser.id), then from the ' +
  'span, then from the headers X-Meterbook-Customer and X-Meterbook-User, then from W3C baggage under the same names.';
