/** A load generator that costs little compared to its target: prepared bytes over keep-alive sockets. */
import { connect, type Socket } from 'node:net';

export interface Request {
  readonly path: string;
  readonly key?: string;
  readonly body: string;
}

/** The bytes of an HTTP request, built before the clock starts. */
export function prepare({ path, key, body }: Request): Buffer {
  const authorization = key === undefined ? '' : `authorization: Bearer ${key}\r\n`;
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${authorization}`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/**
 * Sends the requests over the given number of connections, one at a time on each. Returns the seconds it
 * took; all answers must be 2xx.
 */
export async function send(url: string, connections: number, requests: readonly Buffer[]): Promise<number> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))));
  let next = 0;
  const startedAt = performance.now();
  try {
    await Promise.all(
      sockets.map(async (socket) => {
        for (let request = requests[next++]; request; request = requests[next++]) {
          const { status, body } = await exchange(socket, request);
          if (status < 200 || status > 299) throw new Error(`a request was answered ${status}: ${body}`);
        }
      }),
    );
    return (performance.now() - startedAt) / 1000;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

export async function open(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  return socket;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function exchange(socket: Socket, request: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let received = '';
    const finish = (settle: () => void): void => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1');
      const answer = readAnswer(received);
      if (answer) finish(() => resolve(answer));
    };
    const onError = (error: Error): void => finish(() => reject(error));
    const onClose = (): void => finish(() => reject(new Error('the connection closed before the answer')));
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(request);
  });
}

function readAnswer(text: string): Answer | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const body = text.slice(end + 4);
  const length = /\ncontent-length: (\d+)/.exec(head)?.[1];
  const isWhole = length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= Number(length);
  return isWhole ? { status: Number(head.slice(9, 12)), body } : null;
}
