/** Bodies of OTLP/HTTP as the description of the API shows them; they are read by hand (src/otlp), and tolerantly. */
import * as z from 'zod';
import { SPANS_HEADER } from './otlp-answer.ts';

const keyValue = z
  .looseObject({ key: z.string(), value: z.looseObject({}) })
  .meta({ id: 'OtlpKeyValue', description: 'As in opentelemetry-proto.' });
const attributes = z.array(keyValue).optional();

const span = z
  .looseObject({
    traceId: z.string().describe('32 hex digits; base64 is understood.'),
    spanId: z.string().describe('16 hex digits; base64 is understood.'),
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
    description: 'ExportTraceServiceRequest of OTLP; names as in the .proto files are understood too.',
  });

export const tracesResponseSchema = z
  .object({
    partialSuccess: z
      .object({ rejectedSpans: z.string(), errorMessage: z.string() })
      .optional()
      .describe('Only where spans were rejected; the others are stored.'),
    spans: z
      .object({ accepted: z.int(), duplicates: z.int(), ignored: z.int(), rejected: z.int() })
      .describe(
        `What the spans were; in the header ${SPANS_HEADER} too, which answers in protobuf also have.`,
      ),
  })
  .meta({ id: 'OtlpTracesResponse' });

export const rpcStatusSchema = z
  .object({ code: z.int().describe('Of google.rpc.Code.'), message: z.string() })
  .meta({ id: 'RpcStatus', description: 'google.rpc.Status.' });

export const describeTraces = (): string =>
  'Of the spans only calls of models count: those of the operations chat, text_completion, generate_content and embeddings ' +
  'in the GenAI conventions of OpenTelemetry, present and older names, and what the AI SDK, OpenInference, OpenLLMetry, ' +
  'Langfuse and gateways write in their place. Agents, steps and tools repeat the sum of their calls, so they are accepted and ' +
  'ignored; of two calls of which one is above the other in a trace, and both generate or both embed, only the lower ' +
  'counts, or the first where they come in different requests. A call with gen_ai.response.id is the one that POST /v1/ai/generations knows under that ' +
  'response_id and provider. A call that tells neither token counts nor an error is rejected. Input counts include the ' +
  'cache and output counts the reasoning, but for the kinds in usage_details of Langfuse; a part that is larger than its ' +
  'whole counts as not included. The customer (application_id) and the user (user_id) are those of the resource ' +
  '(meterbook.customer, customer.id; meterbook.user, user.id, enduser.id), else of the span, else of the headers ' +
  'X-Meterbook-Customer and X-Meterbook-User, else of W3C baggage under the same names.';
