/** The public HTTP API as any customer's program uses it. */
export interface Client {
  readonly get: <T>(path: string, key?: string) => Promise<T>;
  readonly getBytes: (path: string) => Promise<Uint8Array>;
  readonly post: <T>(path: string, body: unknown, key?: string) => Promise<T>;
}

export function createClient(url: string, adminKey: string): Client {
  async function ask(method: string, path: string, key: string, body?: unknown): Promise<Uint8Array> {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return bytes;
    throw new Error(`${method} ${path} answered ${response.status}: ${textOf(bytes).slice(0, 500)}`);
  }
  async function send<T>(...request: Parameters<typeof ask>): Promise<T> {
    return JSON.parse(textOf(await ask(...request))) as T;
  }
  return {
    get: (path, key = adminKey) => send('GET', path, key),
    getBytes: (path) => ask('GET', path, adminKey),
    post: (path, body, key = adminKey) => send('POST', path, key, body),
  };
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
