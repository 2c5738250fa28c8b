import { createServer } from 'node:net';
import { refusal } from './refusal.ts';

const HOST = '127.0.0.1';

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(taken));
    });
  });
}

// Below the range from which systems assign the ports of outgoing connections: one of those could take the
// port between the check and its use, which may be seconds apart. Each process begins at a different port, so
// that two at once do not find the same.
const FIRST = 20_000;
const COUNT = 12_000;
let next = (process.pid * 61) % COUNT;

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    const found = await listenOnce(port).catch(() => null);
    if (found !== null) return found;
  }
  throw refusal('No port from 20000 to 31999 is free.');
}

export async function assertPortFree(port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw refusal(`PORT must be a number from 1 to 65535, not ${port}.`);
  }
  try {
    await listenOnce(port);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES')
      throw refusal(`Port ${port} needs administrator rights. Set PORT to another port.`);
    throw refusal(`Port ${port} is taken by another program. Stop it, or set PORT to another port.`);
  }
}
