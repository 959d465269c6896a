import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { presealEvent } from '../core/sealed-record';
import type { AppendItem, Ledger } from '../entries/entry-store';
import { anEvent, type EventOptions } from './builders';

export interface AppendItemOptions extends EventOptions {
  readonly eventId?: string;
  readonly digest?: string;
  readonly receivedAt?: string;
  /** What each entry of the item says besides; one entry by default. */
  readonly parts?: readonly EventOptions[];
}

/** What capture would hand to the store for an item. */
export function anAppendItem(ledger: Ledger, options: AppendItemOptions = {}): AppendItem {
  const {
    eventId = uuidv7(),
    digest = 'd'.repeat(64),
    receivedAt = '2026-11-21T01:02:05.000Z',
    parts = [{}],
    ...event
  } = options;
  const origin = { tenant: ledger.tenant.slug, ledger: ledger.name, receivedAt };
  const entries = parts.map((own, part) => {
    const source = { ...event.source, ...own.source, eventId, digest, part };
    return presealEvent(anEvent({ ...event, ...own, source }), { ...origin, id: uuidv7() }, randomBytes(64));
  });
  return { eventId, digest, entries };
}
