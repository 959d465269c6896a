import { v7 as uuidv7 } from 'uuid';
import { checkValueOf, noticePayload, ROTATION_ACTION, type KeyNotice } from '../core/epoch-rotation';
import type { Actor, Via } from '../core/event';
import { ownEvent } from '../core/own-event';
import { RECORD_FORMAT } from '../core/sealed-record';
import type { EntryStore, Ledger, Receipt } from './entry-store';
import type { KeyRing } from './key-ring';
import { sealOwnEvent } from './seal-own-event';

/** Who asked for a change of keys, and when it happens. */
export interface KeyChange {
  readonly at: Date;
  readonly actor?: Actor;
  readonly via: Via;
}

export interface Rotation {
  readonly fromEpoch: number;
  readonly toEpoch: number;
  readonly checkValue: string;
  /** Receipts of the last entry under the old key and of the first under the new one. */
  readonly closed: Receipt;
  readonly opened: Receipt;
}

interface KeyDeps {
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
}

/** Closes the epoch of a ledger and opens the next one, in one transaction: others append before it or after it. */
export async function rotateEpoch({ store, keyRing }: KeyDeps, ledger: Ledger, change: KeyChange): Promise<Rotation> {
  return store.withHead(ledger, async (locked) => {
    const { trx } = locked;
    const [fromEpoch, toEpoch] = [locked.head.epoch, locked.head.epoch + 1];
    const closedSeq = locked.head.seq + 1;
    const at = change.at.getTime();
    const key = await keyRing.openEpoch(trx, ledger.id, ledger.name, toEpoch, closedSeq + 1, at);
    await keyRing.closeEpoch(trx, ledger.id, ledger.name, fromEpoch, closedSeq);
    const turn = { fromEpoch, toEpoch, checkValue: checkValueOf(key) };
    const [closed] = await locked.append([noticeItem(ledger, { phase: 'closed', ...turn }, fromEpoch, change)]);
    locked.enterEpoch(toEpoch, key);
    const notice = { phase: 'opened', ...turn, recordFormat: RECORD_FORMAT } as const;
    const [opened] = await locked.append([noticeItem(ledger, notice, toEpoch, change)]);
    return { ...turn, closed: receiptOf(closed), opened: receiptOf(opened) };
  });
}

/** Destroys the chain key of a closed epoch and says so in the ledger, both or neither. Whether it may be done is asked elsewhere. */
export async function retireEpoch(
  { store, keyRing }: KeyDeps,
  ledger: Ledger,
  span: { readonly epoch: number; readonly firstSeq: number; readonly lastSeq: number },
  change: KeyChange,
): Promise<Receipt> {
  return store.withHead(ledger, async (locked) => {
    await keyRing.retireEpoch(locked.trx, ledger.id, ledger.name, span.epoch, change.at.getTime());
    const [result] = await locked.append([noticeItem(ledger, { phase: 'retired', ...span }, span.epoch, change)]);
    return receiptOf(result);
  });
}

function noticeItem(ledger: Ledger, notice: KeyNotice, epoch: number, { at, actor, via }: KeyChange) {
  const event = ownEvent({
    id: uuidv7(),
    action: ROTATION_ACTION,
    at: at.toISOString(),
    targetId: `${ledger.name}/${epoch}`,
    payload: noticePayload(notice, ledger.name),
    via,
    ...(actor ? { actor } : {}),
  });
  return sealOwnEvent(event, ledger);
}

function receiptOf(result: { readonly receipts: readonly Receipt[] } | undefined): Receipt {
  const receipt = result?.receipts[0];
  if (!receipt) throw new Error('an entry about a chain key got no place');
  return receipt;
}
