/**
 * Tests run in separate processes; this server gives them access to objects that exist only in the runtime's
 * process.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Runtime } from '../../src/platform/local/runtime.ts';

export interface Control {
  readonly url: string;
}

export interface D1Query {
  readonly binding: string;
  readonly sql: string;
  readonly params: readonly (string | number | null)[];
}

export type ControlRequest =
  | ({ readonly verb: 'd1' } & D1Query)
  | { readonly verb: 'fire'; readonly cron: string; readonly at?: number }
  | { readonly verb: 'pids' };

export async function startControl(runtime: Runtime): Promise<{ address: Control; stop: () => void }> {
  const server = createServer(async (request, response) => {
    try {
      const result = await answer(runtime, (await readJson(request)) as ControlRequest);
      response.end(JSON.stringify(result ?? null));
    } catch (error) {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.message : String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { address: { url: `http://127.0.0.1:${port}` }, stop: () => server.close() };
}

async function answer(runtime: Runtime, request: ControlRequest): Promise<unknown> {
  switch (request.verb) {
    case 'd1': {
      const database = await runtime.d1(request.binding);
      const statement = database.prepare(request.sql).bind(...request.params);
      return (await statement.all()).results;
    }
    case 'fire':
      return runtime.fire(request.cron, request.at === undefined ? undefined : new Date(request.at));
    case 'pids':
      return runtime.pids();
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
