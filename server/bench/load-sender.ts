import { Agent, request } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import { parseSecret, signDelivery } from '../features/capture/verify-delivery';
import { benchItem } from './bench-events';

/**
 * A process of its own: `load-sender URL BRIDGE SECRET BATCHES SIZE CONNECTIONS FROM_MS SPAN_MS WARM_UP`; prints one JSON line, of
 * the events behind WARM_UP batches.
 */
async function main(): Promise<void> {
  const [
    url = '',
    bridge = '',
    secretText = '',
    batches = '1',
    size = '100',
    connections = '8',
    fromMs = '0',
    spanMs = '0',
    warmUp = '0',
  ] = process.argv.slice(2);
  const secret = parseSecret(secretText);
  if (!secret) throw new Error('no secret');
  const length = Number(warmUp) + Number(batches);
  const total = length * Number(size);
  const bodies = Array.from({ length }, (_, batch) => {
    const events = Array.from({ length: Number(size) }, (_unused, i) => {
      const n = batch * Number(size) + i + 1;
      return benchItem(n, Number(fromMs) + Math.floor((n / total) * Number(spanMs)));
    });
    return Buffer.from(JSON.stringify({ events }));
  });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const deliveries = bodies.map((body) => {
    const id = uuidv7();
    return { body, id, signature: `v1,${signDelivery(secret, id, timestamp, body).toString('base64')}` };
  });

  const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
  await sendAll(deliveries.slice(0, Number(warmUp)));
  const startedAt = process.hrtime.bigint();
  const accepted = await sendAll(deliveries.slice(Number(warmUp)));
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  agent.destroy();
  process.stdout.write(`${JSON.stringify({ accepted, seconds })}\n`);

  /** Events that were accepted. */
  async function sendAll(all: readonly (typeof deliveries)[number][]): Promise<number> {
    let next = 0;
    let sum = 0;
    await Promise.all(
      Array.from({ length: Number(connections) }, async () => {
        for (let delivery = all[next++]; delivery; delivery = all[next++]) {
          // Not `+= await`: that would read the sum before the wait.
          const taken = await send(delivery);
          sum += taken;
        }
      }),
    );
    return sum;
  }

  function send(delivery: (typeof deliveries)[number]): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${url}/bridge/v1/events`,
        {
          method: 'POST',
          agent,
          headers: {
            'content-type': 'application/json',
            'content-length': delivery.body.length,
            'sealtrail-bridge': bridge,
            'webhook-id': delivery.id,
            'webhook-timestamp': timestamp,
            'webhook-signature': delivery.signature,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if (response.statusCode !== 200) return reject(new Error(`${response.statusCode} ${text.slice(0, 300)}`));
            resolve((JSON.parse(text) as { accepted: number }).accepted);
          });
        },
      );
      sent.on('error', reject);
      sent.end(delivery.body);
    });
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
