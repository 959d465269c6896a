import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { Deps } from '../deps';
import type { AppendItem, Ledger } from '../entries/entry-store';
import { RIGHTS, type Right } from '../features/access/rights';
import type { SignedDelivery } from '../features/capture/sender-check-service';
import { parseSecret, signDelivery } from '../features/capture/verify-delivery';
import { anAppendItem } from './append-item';
import { aHookItem } from './builders';

const BY = { via: 'cli' } as const;
const PERSON = { ...BY, name: 'honest run' };
const OPERATOR = { ...PERSON, rights: RIGHTS };
const DAY_MS = 86_400_000;
const FEW = 4;

interface HonestChangesDeps {
  readonly ledger: Ledger;
  readonly folder: string;
  readonly random: () => number;
  readonly now: () => Date;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Bridge extends Named {
  secret: string;
  next: number;
  readonly lost: number[];
}

/** What people change beside the entries, each told by an entry: who and what has access, settings, anchors, holds, gaps. */
export interface HonestChanges {
  /** One change, which the random numbers choose. */
  make(deps: Deps): Promise<void>;
}

export function createHonestChanges({ ledger, folder, random, now }: HonestChangesDeps): HonestChanges {
  const { tenant } = ledger;
  const bridges: Bridge[] = [];
  const tokens: Named[] = [];
  const roles: string[] = [];
  const anchors: string[] = [];
  const holds: string[] = [];
  const oneOf = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const takeOneOf = <T>(all: T[]): T | undefined => all.splice(Math.floor(random() * all.length), 1)[0];
  const name = () => `thing ${Math.floor(random() * 1e9)}`;
  const someRights = (): Right[] => RIGHTS.filter(() => random() < 0.3).concat('entries.read');

  const changes: readonly ((deps: Deps) => Promise<unknown>)[] = [
    async ({ credentials }) => {
      const label = name();
      if (bridges.length < FEW) bridges.push({ ...(await credentials.addBridge(ledger, label, BY)), name: label, next: 1, lost: [] }); // prettier-ignore
    },
    async ({ credentials }) => {
      const bridge = oneOf(bridges);
      const rotation = bridge && (await credentials.rotateBridge(ledger, bridge, BY));
      if (bridge && rotation) bridge.secret = rotation.secret;
    },
    async ({ credentials }) => {
      const bridge = random() < 0.3 ? takeOneOf(bridges) : undefined;
      if (bridge) await credentials.revokeBridge(ledger, bridge, BY);
    },
    async ({ credentials }) => {
      const label = name();
      if (tokens.length < FEW) tokens.push({ id: (await credentials.createToken(ledger, label, ['read'], BY)).id, name: label }); // prettier-ignore
    },
    async ({ credentials }) => {
      const token = takeOneOf(tokens);
      if (token) await credentials.revokeToken(ledger, token, BY);
    },
    async (deps) => {
      const id = random() < 0.5 ? (oneOf(roles) ?? null) : null;
      if (id === null && roles.length >= FEW) return;
      const saved = await deps.roles.save(tenant, { id, name: name(), rights: someRights() }, OPERATOR);
      if (id === null && saved.ok) roles.push(saved.value.id);
    },
    async (deps) => {
      const id = takeOneOf(roles);
      if (id !== undefined) await deps.roles.remove(tenant, id, OPERATOR);
    },
    (deps) => deps.roles.map(tenant, oneOf(['Support', 'Sales']) ?? '', oneOf(['auditor', 'standard_user', null]) ?? null, OPERATOR), // prettier-ignore
    ({ settings }) => settings.change(tenant.slug, { organisation: name() }, PERSON),
    ({ settings }) => settings.change(tenant.slug, { record_reads: random() < 0.5 ? 'on' : 'off' }, PERSON),
    async (deps) => {
      if (anchors.length < FEW) anchors.push((await deps.anchors.add({ kind: 'file', target: path.join(folder, randomUUID()) })).anchor.id); // prettier-ignore
    },
    async (deps) => {
      const id = takeOneOf(anchors);
      if (id !== undefined) await deps.anchors.remove(id);
    },
    (deps) => deps.anchors.run(),
    async ({ retention }) => {
      // Some days of the past, so that a prune leaves what is between others.
      const before = now().getTime() - Math.floor(random() * 20 * DAY_MS);
      const scope = { client: null, target: null, actor: null, after: before - DAY_MS, before };
      if (holds.length < FEW) holds.push((await retention.holds.place(ledger, scope, 'lawsuit', PERSON)).id);
    },
    async ({ retention }) => {
      const id = takeOneOf(holds);
      if (id !== undefined) await retention.holds.release(ledger, id, 'settled', PERSON);
    },
    async ({ appender }) => {
      const bridge = oneOf(bridges);
      if (!bridge) return;
      const numbers = Array.from({ length: 1 + Math.floor(random() * 20) }, () => bridge.next++);
      // Some are lost on their way, and some of those come later.
      const arrived = numbers.filter(() => random() < 0.9);
      bridge.lost.push(...numbers.filter((number) => !arrived.includes(number)));
      const late = bridge.lost.splice(0, random() < 0.3 ? 2 : 0);
      await appender.append(ledger, [...arrived, ...late].map((number) => itemOf(bridge.id, number)), []); // prettier-ignore
    },
    async ({ capture }) => {
      const bridge = oneOf(bridges);
      if (!bridge) return;
      const hooks = ['InvoicePaid', 'InvoicePaid', 'NoSuchHook'];
      const events = hooks.map((hook) => aHookItem({ id: uuidv7(), seq: bridge.next++, hook, occurred_at: now().toISOString() })); // prettier-ignore
      await capture.receive(signed(bridge, { events }));
    },
    async ({ heartbeats }) => {
      const bridge = oneOf(bridges);
      if (!bridge) return;
      const outbox = { pending: bridge.lost.length, next_seq: bridge.next, parked: [], spooled: 0 };
      await heartbeats.receive(signed(bridge, { installation: { seq_step: 1 }, outbox, paused: false }));
    },
    ({ bridgeWatch }) => bridgeWatch.run(),
  ];

  function signed({ id: bridgeId, secret }: Bridge, content: unknown): SignedDelivery {
    const body = Buffer.from(JSON.stringify(content));
    const [id, timestamp] = [uuidv7(), String(Math.floor(now().getTime() / 1000))];
    const key = parseSecret(secret);
    if (!key) throw new Error('no secret');
    const signature = `v1,${signDelivery(key, id, timestamp, body).toString('base64')}`;
    return { bridgeId, headers: { id, timestamp, signature }, body, encoding: '', ip: null };
  }

  function itemOf(bridge: string, number: number): AppendItem {
    const at = now().toISOString();
    return anAppendItem(ledger, { eventId: randomUUID(), source: { bridge, seq: String(number) }, occurredAt: at, receivedAt: at }); // prettier-ignore
  }

  return {
    async make(deps) {
      await oneOf(changes)?.(deps);
    },
  };
}
