import { hash } from 'node:crypto';
import { ownEvent } from '../../core/own-event';
import { quarantinePayload } from '../../core/quarantine-seal';
import type { Appender } from '../../entries/appender';
import type { AppendItem, QuarantinedItem, Receipt } from '../../entries/entry-store';
import { sealOwnEvent } from '../../entries/seal-own-event';
import { KnownError } from '../../errors';
import type { ActiveBridge, BridgeService } from '../access/bridge-service';
import { hideAllIps, type Addressing } from './hide-addresses';
import { scanDelivery } from './json-scan';
import type { AsideItem, PreparedDelivery } from './prepare-delivery';
import type { Preparer } from './preparer';
import { orLater, type SenderCheck, type SignedDelivery } from './sender-check-service';

export interface DeliveryAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly receipts: readonly Receipt[];
}

/** Takes deliveries: checks, prepares, stores. Resolves only after the commit; throws KnownError for a refusal. */
export interface CaptureService {
  receive(delivery: SignedDelivery): Promise<DeliveryAnswer>;
}

interface Received {
  readonly bridge: ActiveBridge;
  readonly body: Buffer;
  readonly timestamp: string;
  readonly receivedAt: Date;
  readonly addressing: Addressing;
}

interface CaptureDeps {
  readonly senderCheck: SenderCheck;
  readonly bridges: BridgeService;
  readonly preparer: Preparer;
  /** What holds for a tenant at this moment. */
  readonly addressingOf: (tenantId: number) => Promise<Addressing>;
  readonly appender: Appender;
  readonly now: () => Date;
  /** Work in memory beyond which new deliveries are put off. */
  readonly maxWaiting?: number;
}

export function createCaptureService({
  senderCheck,
  bridges,
  preparer,
  addressingOf,
  appender,
  now,
  maxWaiting = 20_000,
}: CaptureDeps): CaptureService {
  return {
    async receive(delivery) {
      if (appender.waiting > maxWaiting) throw new KnownError('cannot_commit', 'too much is waiting for the database');
      const receivedAt = now();
      const { bridge, body } = await senderCheck.check(delivery, receivedAt);
      const addressing = await orLater(addressingOf(bridge.ledger.tenant.id), 'the settings cannot be read');
      const { timestamp } = delivery.headers;
      const prepared = await prepare({ bridge, body, timestamp, receivedAt, addressing });
      if (!prepared.ok) throw new KnownError(prepared.error, prepared.detail);
      const answer = await store(bridge, { body, addressing }, prepared, receivedAt);
      bridges.noteSeen(bridge.id, {
        at: receivedAt.getTime(),
        lastSeq: prepared.lastSeq,
        whmcs: prepared.installation?.whmcs ?? null,
        bridgeVersion: prepared.installation?.bridge ?? null,
        timeZone: prepared.installation?.timeZone ?? null,
        seqStep: prepared.installation?.seqStep ?? null,
      });
      return answer;
    },
  };

  function prepare({ bridge, body, timestamp, receivedAt, addressing }: Received): Promise<PreparedDelivery> {
    const { ledger } = bridge;
    const delivery = {
      body,
      bridge: bridge.id,
      tenant: ledger.tenant.slug,
      ledger: ledger.name,
      sentAt: new Date(Number(timestamp) * 1000).toISOString(),
      receivedAt: receivedAt.toISOString(),
      addressing,
    };
    return orLater(preparer.prepare(delivery), 'the delivery could not be prepared');
  }

  async function store(
    bridge: ActiveBridge,
    { body, addressing }: Pick<Received, 'body' | 'addressing'>,
    prepared: PreparedDelivery & { readonly ok: true },
    receivedAt: Date,
  ): Promise<DeliveryAnswer> {
    const aside = prepared.aside.map((item) => quarantined(bridge, item, receivedAt));
    const committed = await commit(bridge, prepared.append, aside);
    const results = committed.slice(0, prepared.append.length);
    const reused = prepared.append.flatMap((item, at): AsideItem[] => {
      if (results[at]?.outcome !== 'conflict') return [];
      const detail = 'another event was stored under this id before';
      return [
        {
          reason: 'id_reused',
          detail,
          eventId: item.eventId,
          digest: item.digest,
          raw: hideAllIps(rawItem(body, prepared.positions[at] ?? 0), addressing),
        },
      ];
    });
    await commit(bridge, [], reused.map((item) => quarantined(bridge, item, receivedAt))); // prettier-ignore
    return {
      accepted: results.filter((result) => result.outcome === 'appended').length,
      duplicates: results.filter((result) => result.outcome === 'duplicate').length,
      quarantined: prepared.aside.length + reused.length,
      receipts: results.flatMap((result) => result.receipts),
    };
  }

  async function commit(bridge: ActiveBridge, items: readonly AppendItem[], aside: readonly QuarantinedItem[]) {
    if (items.length === 0 && aside.length === 0) return [];
    const all = aside.length === 0 ? items : [...items, asideEntry(bridge, aside)];
    return orLater(appender.append(bridge.ledger, all, aside), 'the database did not take the delivery');
  }
}

/** The text of one item as it came; looked up again only for an id that was used before. */
function rawItem(body: Buffer, position: number): string {
  const text = body.toString('utf8');
  const span = scanDelivery(text).items[position];
  return span ? text.slice(span.start, span.end) : '';
}

/** Says in the chain what was set aside, in the same commit; the same items again are the same entry. */
function asideEntry(bridge: ActiveBridge, rows: readonly QuarantinedItem[]): AppendItem {
  const action = 'audit.event_quarantined';
  const id = hash('sha256', [action, bridge.id, ...rows.map((row) => row.digest)].join('\0'));
  const at = new Date(rows[0]?.receivedAt ?? 0).toISOString();
  return sealOwnEvent(ownEvent({ id, action, at, targetId: bridge.id, targetLabel: bridge.name, payload: quarantinePayload(rows) }), bridge.ledger); // prettier-ignore
}

function quarantined(bridge: ActiveBridge, item: AsideItem, at: Date): QuarantinedItem {
  return {
    bridgeId: bridge.id,
    eventId: item.eventId,
    reason: item.reason,
    detail: item.detail.toWellFormed(),
    item: item.raw,
    digest: item.digest,
    receivedAt: at.getTime(),
  };
}
