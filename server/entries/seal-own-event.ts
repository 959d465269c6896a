import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { AuditEvent } from '../core/event';
import { presealEvent } from '../core/sealed-record';
import type { AppendItem, Ledger } from './entry-store';

/** An event of our own, received the moment it happens, ready to append. */
export function sealOwnEvent(event: AuditEvent, ledger: Ledger): AppendItem {
  const origin = { id: uuidv7(), tenant: ledger.tenant.slug, ledger: ledger.name, receivedAt: event.occurredAt };
  return {
    eventId: event.source.eventId,
    digest: event.source.digest,
    entries: [presealEvent(event, origin, randomBytes(64))],
  };
}
