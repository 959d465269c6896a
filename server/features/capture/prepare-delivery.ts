import { hash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { findHookPoint } from '../../core/action-catalogue';
import { classify } from '../../core/classify';
import { clip } from '../../core/clip';
import type { ReportedItem } from '../../core/hook-call';
import { redact } from '../../core/redact';
import { presealEvent } from '../../core/sealed-record';
import type { AppendItem } from '../../entries/entry-store';
import type { ErrorCode } from '../../errors';
import { parseTrustedProxies, resolveClientIp, type TrustedProxies } from '../../http/client-ip';
import { parseDelivery, type DeliveredItem, type Installation, type QuarantineReason } from './delivery';
import { hideAddresses, hideAllIps, hideIp, type Addressing } from './hide-addresses';

/** A delivery whose sender is known, and what its entries need to know. Plain data: it may go to another thread. */
export interface AuthenticDelivery {
  readonly body: Uint8Array;
  readonly bridge: string;
  readonly tenant: string;
  readonly ledger: string;
  readonly sentAt: string;
  readonly receivedAt: string;
  readonly addressing: Addressing;
}

/** An item that nobody can understand, as it came. */
export interface AsideItem {
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly eventId: string | null;
  readonly digest: string;
  readonly raw: string;
}

export type PreparedDelivery =
  | {
      readonly ok: true;
      readonly append: readonly AppendItem[];
      readonly aside: readonly AsideItem[];
      /** Which item of the delivery each of `append` comes from. */
      readonly positions: readonly number[];
      readonly installation: Installation | null;
      readonly lastSeq: string | null;
    }
  | { readonly ok: false; readonly error: ErrorCode; readonly detail: string };

/** Everything between the signature and the ledger's head: parse, redact, classify, seal. Needs no database; never throws. */
export function prepareDelivery(delivery: AuthenticDelivery): PreparedDelivery {
  const parsed = parseDelivery(Buffer.from(delivery.body.buffer, delivery.body.byteOffset, delivery.body.byteLength));
  if (!parsed.ok) return parsed;
  const trustedProxies = trustedIn(delivery.addressing);
  const salts = randomBytes(64 * (parsed.items.length + 1) * 2);
  let salted = 0;
  const nextSalts = () =>
    salted * 64 + 64 <= salts.length ? salts.subarray(salted * 64, ++salted * 64) : randomBytes(64);

  const append: AppendItem[] = [];
  const positions: number[] = [];
  const aside: AsideItem[] = [];
  let lastSeq: string | null = null;
  for (const [position, item] of parsed.items.entries()) {
    const prepared = prepareItem(item, delivery, trustedProxies, nextSalts);
    if ('entries' in prepared) {
      append.push(prepared);
      positions.push(position);
    } else aside.push(prepared);
    if (item.ok) lastSeq = item.item.seq ?? lastSeq;
  }
  return { ok: true, append, aside, positions, installation: parsed.installation, lastSeq };
}

function prepareItem(
  source: DeliveredItem,
  delivery: AuthenticDelivery,
  trustedProxies: TrustedProxies,
  nextSalts: () => Buffer,
): AppendItem | AsideItem {
  const { addressing } = delivery;
  const raw = hideAllIps(source.raw, addressing);
  // Whoever knows the rest of an item could find its address from a digest of all of it.
  const digest = raw === source.raw ? source.digest : hash('sha256', raw);
  const setAside = (reason: QuarantineReason, detail: string) => ({
    reason,
    detail: clip(hideAllIps(detail, addressing), 1000),
    eventId: source.ok ? source.item.id : source.id && hideAllIps(source.id, addressing),
    digest,
    raw,
  });
  if (!source.ok) return setAside(source.reason, source.detail);
  try {
    const item = withoutSecrets(hideAddresses(source.item, addressing));
    const { peer, headers } = source.item.request;
    const ip = hideIp(resolveClientIp(peer, headers, trustedProxies), addressing);
    const classified = classify(item, { bridge: delivery.bridge, sentAt: delivery.sentAt, ip, digest });
    if ('problem' in classified) return setAside(classified.problem, classified.detail);
    const { tenant, ledger, receivedAt } = delivery;
    const entries = classified.events.map((event) =>
      presealEvent(event, { id: uuidv7(), tenant, ledger, receivedAt }, nextSalts()),
    );
    return { eventId: item.id, digest, entries };
  } catch (error) {
    // A mistake of ours must not keep the other items from being stored, nor this one from being kept.
    return setAside('cannot_seal', (error as Error).message);
  }
}

let lastTrusted: { readonly of: string; readonly list: TrustedProxies } = { of: '', list: [] };

/** Read once for as long as it stays the same. */
function trustedIn({ trustedProxies }: Addressing): TrustedProxies {
  const of = trustedProxies.join(' ');
  if (of !== lastTrusted.of) lastTrusted = { of, list: parseTrustedProxies(trustedProxies) };
  return lastTrusted.list;
}

/** The second net after PHP's own redaction. */
function withoutSecrets(item: ReportedItem): ReportedItem {
  const paths = item.kind === 'hook' ? (findHookPoint(item.hook)?.redact ?? []) : [];
  const params = redact(item.params, paths);
  const before = item.before && redact(item.before, paths);
  if (item.kind === 'table_change') return { ...item, params, before, after: item.after && redact(item.after) };
  // Redacted by the bridge already, it is nearly always the same.
  return params === item.params && before === item.before ? item : { ...item, params, before };
}
