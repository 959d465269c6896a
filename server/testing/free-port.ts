import { createServer } from 'node:net';

/** Below the ports that systems give out by themselves, so that nobody is given one between the probe and its use. */
const FIRST = 10_000;
const EACH = 1_000;

let next = Math.floor(Math.random() * EACH);

/** A port of the loopback that nobody listens on; each of jest's workers has ports of its own. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + EACH * Number(process.env['JEST_WORKER_ID'] ?? 0) + (next++ % EACH);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
