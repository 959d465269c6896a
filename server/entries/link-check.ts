import { GENESIS_PREV_HASH, isSameHash } from '../core/chain';
import type { EntryRow } from './entry-row';
import type { EntryStore, Ledger } from './entry-store';

/** `cannot_tell`: what it would be compared with is not there. */
export type LinkState = 'ok' | 'broken' | 'cannot_tell';

/** How an entry hangs in the chain: at the one before it, and the one after it (or the head) at it. */
export async function checkLinks(
  store: EntryStore,
  ledger: Ledger,
  row: EntryRow,
): Promise<{ readonly previous: LinkState; readonly next: LinkState }> {
  const before = row.seq === 1 ? GENESIS_PREV_HASH : (await store.findBySeq(ledger, row.seq - 1))?.hash;
  const after = await store.findBySeq(ledger, row.seq + 1);
  const head = after ? undefined : await store.findHead(ledger);
  return {
    previous: before === undefined ? 'cannot_tell' : isSameHash(before, row.prevHash) ? 'ok' : 'broken',
    next: after ? (isSameHash(after.prevHash, row.hash) ? 'ok' : 'broken') : atHead(),
  };

  function atHead(): LinkState {
    if (head?.seq !== row.seq) return 'cannot_tell';
    return isSameHash(head.hash, row.hash) ? 'ok' : 'broken';
  }
}
