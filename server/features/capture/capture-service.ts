import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { findHookPoint } from '../../core/action-catalogue';
import { CanonicalJsonError } from '../../core/canonical-json';
import { classify } from '../../core/classify';
import { clip } from '../../core/clip';
import type { ReportedItem } from '../../core/hook-call';
import { redact } from '../../core/redact';
import type { Appender } from '../../entries/appender';
import type { AppendItem, AppendResult, QuarantinedItem, Receipt } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { resolveClientIp, type TrustedProxies } from '../../http/client-ip';
import type { ActiveBridge, BridgeService } from '../access/bridge-service';
import { parseDelivery, type DeliveredItem, type QuarantineReason } from './delivery';
import { findDeliveryProblem, type DeliveryHeaders } from './verify-delivery';

export const MAX_BODY_BYTES = 5 * 1024 * 1024;

export interface SignedDelivery {
  readonly bridgeId: string;
  readonly headers: DeliveryHeaders;
  /** The bytes as received. */
  readonly body: Buffer;
  /** Content-Encoding. */
  readonly encoding: string;
}

export interface DeliveryAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly receipts: readonly Receipt[];
}

/** Takes deliveries: checks, parses, classifies, stores. Resolves only after the commit; throws KnownError for a refusal. */
export interface CaptureService {
  receive(delivery: SignedDelivery): Promise<DeliveryAnswer>;
}

interface CaptureDeps {
  readonly bridges: BridgeService;
  readonly appender: Appender;
  readonly trustedProxies: TrustedProxies;
  readonly now: () => Date;
  /** Work in memory beyond which new deliveries are put off. */
  readonly maxWaiting?: number;
}

interface Prepared {
  readonly append: AppendItem | null;
  readonly setAside: QuarantinedItem | null;
  readonly source: DeliveredItem;
}
type ToAppend = Prepared & { readonly append: AppendItem };

interface StoreResult {
  readonly outcome: AppendResult['outcome'] | 'unsealable';
  readonly receipts: readonly Receipt[];
}

const inflate = promisify(gunzip);

export function createCaptureService({ bridges, appender, trustedProxies, now, maxWaiting = 20_000 }: CaptureDeps): CaptureService {
  return {
    async receive(delivery) {
      if (appender.waiting > maxWaiting) throw new KnownError('cannot_commit', 'too much is waiting for the database');
      const receivedAt = now();
      const { bridge, text } = await authenticate(delivery, receivedAt);
      const parsed = parseDelivery(text);
      if (!parsed.ok) throw new KnownError(parsed.error, parsed.detail);

      const sentAt = new Date(Number(delivery.headers.timestamp) * 1000).toISOString();
      const prepared = parsed.items.map((item) => prepare(item, bridge, sentAt, receivedAt));
      const answer = await store(bridge, prepared);
      const lastSeq = parsed.items.reduce((last: string | null, item) => (item.ok ? (item.item.seq ?? last) : last), null);
      await bridges.noteSeen(bridge.id, {
        at: receivedAt.getTime(),
        lastSeq,
        whmcs: parsed.installation?.whmcs ?? null,
        bridgeVersion: parsed.installation?.bridge ?? null,
        timeZone: parsed.installation?.timeZone ?? null,
      });
      return answer;
    },
  };

  /** The bridge that signed, and the inflated body. Every refusal is the same `delivery_refused`: it never says which. */
  async function authenticate(delivery: SignedDelivery, at: Date): Promise<{ bridge: ActiveBridge; text: Buffer }> {
    const bridge = await bridges.findActive(delivery.bridgeId);
    if (!bridge) throw new KnownError('delivery_refused');
    const compressed = delivery.encoding === 'gzip';
    const problem = findDeliveryProblem(bridge.secret, delivery.headers, delivery.body, at);
    // A sender whose HTTP layer compresses signs the body before that: the same content, so it counts as well.
    if (problem !== undefined && !(compressed && problem === 'signature')) throw new KnownError('delivery_refused');
    if (!compressed && !['', 'identity'].includes(delivery.encoding)) throw new KnownError('bad_encoding', 'Content-Encoding must be gzip or absent');
    const text = compressed ? await unpack(delivery.body, problem === undefined) : delivery.body;
    if (problem !== undefined && findDeliveryProblem(bridge.secret, delivery.headers, text, at) !== undefined) throw new KnownError('delivery_refused');
    return { bridge, text };
  }

  async function unpack(body: Buffer, isAuthentic: boolean): Promise<Buffer> {
    try {
      return await inflate(body, { maxOutputLength: MAX_BODY_BYTES });
    } catch (error) {
      if (!isAuthentic) throw new KnownError('delivery_refused', '', { cause: error });
      const isTooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
      throw isTooLarge
        ? new KnownError('too_large', `the body inflates to more than ${MAX_BODY_BYTES} bytes`)
        : new KnownError('bad_encoding', 'the body is not gzip', { cause: error });
    }
  }

  function prepare(source: DeliveredItem, bridge: ActiveBridge, sentAt: string, receivedAt: Date): Prepared {
    const setAside = (reason: QuarantineReason, detail: string): Prepared => ({ append: null, setAside: quarantined(source, bridge, reason, detail, receivedAt), source });
    if (!source.ok) return setAside(source.reason, source.detail);
    const item = withoutSecrets(source.item);
    const { request } = item;
    const ip = resolveClientIp(request.peer, request.headers, trustedProxies);
    let classified;
    try {
      classified = classify(item, { bridge: bridge.id, sentAt, ip, digest: source.digest });
    } catch (error) {
      return setAside('cannot_seal', `classification failed: ${(error as Error).message}`);
    }
    if ('problem' in classified) return setAside(classified.problem, classified.detail);
    return { append: { eventId: item.id, digest: source.digest, events: classified.events, receivedAt: receivedAt.toISOString() }, setAside: null, source };
  }

  async function store(bridge: ActiveBridge, prepared: readonly Prepared[]): Promise<DeliveryAnswer> {
    const toAppend = prepared.filter((one): one is ToAppend => one.append !== null);
    const aside = prepared.flatMap((one) => (one.setAside ? [one.setAside] : []));
    const results = await append(bridge, toAppend, aside);

    const conflicts = toAppend.filter((_, at) => results[at]?.outcome === 'conflict');
    if (conflicts.length > 0) {
      const detail = 'another event was stored under this id before';
      await commit(bridge, [], conflicts.map((one) => quarantined(one.source, bridge, 'id_reused', detail, now()))); // prettier-ignore
    }
    const count = (outcome: StoreResult['outcome']) => results.filter((result) => result.outcome === outcome).length;
    return {
      accepted: count('appended'),
      duplicates: count('duplicate'),
      quarantined: aside.length + count('conflict') + count('unsealable'),
      receipts: results.flatMap((result) => result.receipts),
    };
  }

  /** Results in the order of `prepared`; an item that cannot be sealed is set aside so that it never blocks the rest. */
  async function append(bridge: ActiveBridge, prepared: readonly ToAppend[], aside: readonly QuarantinedItem[]): Promise<readonly StoreResult[]> {
    try {
      return await commit(bridge, prepared.map((one) => one.append), aside); // prettier-ignore
    } catch (error) {
      if (!(error instanceof CanonicalJsonError)) throw error;
    }
    await commit(bridge, [], aside);
    const results: StoreResult[] = [];
    for (const one of prepared) {
      try {
        results.push(...(await commit(bridge, [one.append], [])));
      } catch (error) {
        if (!(error instanceof CanonicalJsonError)) throw error;
        await commit(bridge, [], [quarantined(one.source, bridge, 'cannot_seal', error.message, now())]);
        results.push({ outcome: 'unsealable', receipts: [] });
      }
    }
    return results;
  }

  async function commit(bridge: ActiveBridge, items: readonly AppendItem[], aside: readonly QuarantinedItem[]) {
    if (items.length === 0 && aside.length === 0) return [];
    try {
      return await appender.append(bridge.ledger, items, aside);
    } catch (error) {
      if (error instanceof CanonicalJsonError) throw error;
      throw new KnownError('cannot_commit', 'the database did not take the delivery', { cause: error });
    }
  }
}

function quarantined(source: DeliveredItem, bridge: ActiveBridge, reason: string, detail: string, at: Date): QuarantinedItem {
  return {
    bridgeId: bridge.id,
    eventId: source.ok ? source.item.id : source.id,
    reason,
    detail: clip(detail.toWellFormed(), 1000),
    item: source.raw,
    digest: source.digest,
    receivedAt: at.getTime(),
  };
}

/** The second net after PHP's own redaction. */
function withoutSecrets(item: ReportedItem): ReportedItem {
  const paths = item.kind === 'hook' ? (findHookPoint(item.hook)?.redact ?? []) : [];
  const before = item.before && redact(item.before, paths);
  const params = redact(item.params, paths);
  if (item.kind === 'table_change') return { ...item, params, before, after: item.after && redact(item.after) };
  return { ...item, params, before };
}
