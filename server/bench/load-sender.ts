import { Agent, request } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import { parseSecret, signDelivery } from '../features/capture/verify-delivery';
import { benchItem } from './bench-events';

/** A process of its own: `load-sender URL BRIDGE SECRET BATCHES SIZE CONNECTIONS FROM_MS SPAN_MS`; prints one JSON line. */
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
  ] = process.argv.slice(2);
  const secret = parseSecret(secretText);
  if (!secret) throw new Error('no secret');
  const total = Number(batches) * Number(size);
  const bodies = Array.from({ length: Number(batches) }, (_, batch) => {
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
  let next = 0;
  let accepted = 0;
  const startedAt = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: Number(connections) }, async () => {
      for (let delivery = deliveries[next++]; delivery; delivery = deliveries[next++]) {
        // Not `+= await`: that would read the sum before the wait.
        const taken = await send(delivery);
        accepted += taken;
      }
    }),
  );
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  agent.destroy();
  process.stdout.write(`${JSON.stringify({ accepted, seconds })}\n`);

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
