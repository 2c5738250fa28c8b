/** The public HTTP API as any customer's program uses it. */
export interface Client {
  readonly get: <T>(path: string, key?: string) => Promise<T>;
  readonly post: <T>(path: string, body: unknown, key?: string) => Promise<T>;
}

export function createClient(url: string, adminKey: string): Client {
  async function send<T>(method: string, path: string, key: string, body?: unknown): Promise<T> {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }
  return {
    get: (path, key = adminKey) => send('GET', path, key),
    post: (path, body, key = adminKey) => send('POST', path, key, body),
  };
}
