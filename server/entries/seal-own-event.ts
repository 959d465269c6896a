import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { AuditEvent } from '../core/event';
import { presealEvent } from '../core/sealed-record';
import type { AppendItem, Ledger } from './entry-store';

/** An event of our own, received the moment it happens, ready to append. */
export function sealOwnEvent(event: AuditEvent, ledger: Ledger): AppendItem {
  return sealOwnParts([event], ledger);
}

/** The same for one that takes several entries, stored together or not at all. They share id and digest. */
export function sealOwnParts(events: readonly [AuditEvent, ...AuditEvent[]], ledger: Ledger): AppendItem {
  const [{ source }] = events;
  const entries = events.map((event, part) => {
    const origin = { id: uuidv7(), tenant: ledger.tenant.slug, ledger: ledger.name, receivedAt: event.occurredAt };
    return presealEvent({ ...event, source: { ...event.source, part } }, origin, randomBytes(64));
  });
  return { eventId: source.eventId, digest: source.digest, entries };
}
