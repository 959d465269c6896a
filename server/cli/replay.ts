import { gzipSync } from 'node:zlib';
import { v7 as uuidv7 } from 'uuid';
import type { JsonObject } from '../core/canonical-json';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { Deps } from '../deps';
import { scanDelivery } from '../features/capture/json-scan';
import { parseSecret, signDelivery } from '../features/capture/verify-delivery';

export interface ReplaySum {
  readonly sent: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly quarantined: number;
}

export interface Sender {
  readonly url: string;
  readonly bridge: string;
  readonly secret: Buffer;
}

const BATCH = 500;

/** Sends the hook calls of a file. Throws when the file holds none or the sidecar refuses; what was sent is stored then. */
export async function replayFile(
  deps: Deps,
  text: string,
  flags: { url?: string; bridge?: string; secret?: string },
): Promise<ReplaySum> {
  const items = readItems(text);
  if (items.length === 0) throw new Error('The file holds no hook calls.');
  const url = flags.url ?? deps.config.publicUrl;
  if (flags.bridge !== undefined || flags.secret !== undefined) {
    const secret = parseSecret(flags.secret ?? '');
    if (flags.bridge === undefined || !secret) throw new Error('Give both --bridge and --secret (whsec_...).');
    return sendItems({ url, bridge: flags.bridge, secret }, items);
  }
  const ledger = await deps.store.findLedger(DEFAULT_TENANT);
  if (!ledger) throw new Error('There is no ledger yet. Run: sealtrail init');
  const made = await deps.credentials.addBridge(ledger, 'replay', { via: 'cli' });
  try {
    return await sendItems({ url, bridge: made.id, secret: parseSecret(made.secret) ?? Buffer.alloc(0) }, items);
  } finally {
    await deps.credentials.revokeBridge(ledger, { id: made.id, name: 'replay' }, { via: 'cli' });
  }
}

/** Items (JSON texts) in signed, compressed deliveries, one after the other, as a bridge sends them. */
export async function sendItems(sender: Sender, items: readonly string[]): Promise<ReplaySum> {
  const sum = { sent: 0, accepted: 0, duplicates: 0, quarantined: 0 };
  for (let at = 0; at < items.length; at += BATCH) {
    const some = items.slice(at, at + BATCH);
    const answer = await sendDelivery(sender, some);
    sum.sent += some.length;
    sum.accepted += answer.accepted;
    sum.duplicates += answer.duplicates;
    sum.quarantined += answer.quarantined;
  }
  return sum;
}

function sendDelivery(
  sender: Sender,
  events: readonly string[],
): Promise<{ accepted: number; duplicates: number; quarantined: number }> {
  return post(sender, '/bridge/v1/events', `{"events":[${events.join(',')}]}`);
}

/** What a bridge says when it has delivered everything. */
export async function sendHeartbeat(sender: Sender, installation: JsonObject, nextSeq: number): Promise<void> {
  const outbox = { pending: 0, oldest_seq: null, oldest_at: null, next_seq: nextSeq, parked: [], spooled: 0 };
  const heartbeat = { installation, outbox, paused: false, sent_at: new Date().toISOString() };
  await post(sender, '/bridge/v1/heartbeat', JSON.stringify(heartbeat));
}

async function post<T>(sender: Sender, path: string, text: string): Promise<T> {
  const body = gzipSync(text);
  const id = uuidv7();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const response = await fetch(`${sender.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'sealtrail-bridge': sender.bridge,
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signDelivery(sender.secret, id, timestamp, body).toString('base64')}`,
    },
    body,
  }).catch((error: unknown) => {
    throw new Error(`${sender.url} cannot be reached. Does the server run?`, { cause: error });
  });
  if (!response.ok)
    throw new Error(`The sidecar answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
  return (await response.json()) as T;
}

/** The items of a file as they stand there: parsing and writing them again would lose digits. */
function readItems(text: string): string[] {
  const trimmed = text.trim();
  const whole = asDelivery(trimmed) ?? asLines(trimmed);
  return scanDelivery(whole).items.map((span) => whole.slice(span.start, span.end));
}

function asDelivery(text: string): string | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined; // not one document: one a line
  }
  if (Array.isArray(json)) return `{"events":${text}}`;
  return typeof json === 'object' && json !== null && 'events' in json ? text : `{"events":[${text}]}`;
}

function asLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  for (const [at, line] of lines.entries()) {
    try {
      JSON.parse(line);
    } catch (error) {
      throw new Error(`Line ${at + 1} is not JSON.`, { cause: error });
    }
  }
  return `{"events":[${lines.join(',')}]}`;
}
