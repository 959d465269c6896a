import { isSameHash, macHead } from '../../core/chain';
import { isoTime, type Break } from '../../core/verify';
import type { EntryStore, Head, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import { createRowCheck } from '../../entries/row-check';

interface HeadChecksDeps {
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly erasures: ErasureReader;
}

interface HeadState {
  readonly ledger: Ledger;
  readonly head: Head | undefined;
  /** Hash of the newest entry that was scanned. */
  readonly lastHash: string | undefined;
  readonly hasOurKey: boolean;
  readonly findEpochKey: (epoch: number) => Buffer | undefined;
}

const CHUNK = 1_000;

/** What is wrong with the row that names the newest entry, and with what stands behind it. */
export async function checkHead(deps: HeadChecksDeps, state: HeadState): Promise<Break[]> {
  const { store, keyRing } = deps;
  return [...headBreaks(keyRing, state), ...(await epochBreaks(store, state)), ...(await beyondHead(deps, state))];
}

/** A head row that was changed, removed, or does not name the newest entry. */
function headBreaks({ headKey }: KeyRing, { ledger, head, lastHash, hasOurKey }: HeadState): Break[] {
  const at = (seq: number, kind: Break['kind'], detail: string): Break => ({
    seq,
    id: null,
    kind,
    detail,
    receivedAt: null,
  });
  if (!head) return [at(0, 'truncated', 'the row that names the newest entry is gone')];
  // Without a key that opens, the head's seal says nothing: that is for the verdict, not a break.
  const isReadable = isHash(head.hash) && isPlace(head.seq);
  const isAuthentic =
    !hasOurKey || (isReadable && isSameHash(macHead(headKey, ledger.name, head.seq, head.hash), head.mac));
  const changed = 'the row that names the newest entry was changed: newer entries may have been cut off';
  return [
    ...(isAuthentic ? [] : [at(head.seq, 'truncated', changed)]),
    ...(lastHash !== undefined && !isSameHash(lastHash, head.hash)
      ? [at(head.seq, 'linkage', 'the newest entry is not the one that the head names')]
      : []),
  ];
}

/** A head row that would have the next entry sealed under another key than the newest one. */
async function epochBreaks(store: EntryStore, { ledger, head }: HeadState): Promise<Break[]> {
  const newest = head && isPlace(head.seq) ? await store.findBySeq(ledger, head.seq) : undefined;
  if (!head || !newest || newest.epoch === head.epoch) return [];
  const detail = `the head is in epoch ${head.epoch}, the newest entry in ${newest.epoch}`;
  return [{ seq: head.seq, id: newest.id, kind: 'linkage', detail, receivedAt: null }];
}

/** Rows after the head, unless the head has moved on meanwhile. */
async function beyondHead({ store, erasures }: HeadChecksDeps, { ledger, findEpochKey }: HeadState): Promise<Break[]> {
  const last = await store.findLastSeq(ledger);
  const head = await store.findHead(ledger);
  // What is no number says nothing of what stands behind it.
  if (!head || !isPlace(head.seq) || last <= head.seq) return [];
  const rows = await store.readRange(ledger, { fromSeq: head.seq + 1, toSeq: last, limit: CHUNK });
  const checkRow = createRowCheck(erasures, ledger);
  const breaks: Break[] = [];
  for (const row of rows) {
    breaks.push({
      seq: row.seq,
      id: row.id,
      kind: (await checkRow(row, findEpochKey(row.epoch))).breaks[0]?.kind ?? 'linkage',
      detail: 'stands after the newest entry that the head names',
      // Whoever puts a row there may put any number there: it must not keep the rest from being told.
      receivedAt: isoTime(row.receivedAt),
    });
  }
  return breaks;
}

/** Whether a ledger can have so many entries: a cell of SQLite may hold anything. */
export function isPlace(seq: number): boolean {
  return Number.isSafeInteger(seq) && seq >= 0;
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
