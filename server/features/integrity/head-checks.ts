import { isSameHash, macHead } from '../../core/chain';
import { isoTime } from '../../core/stored-time';
import type { Break } from '../../core/verify';
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

/** What is wrong with the row that names the newest entry, and with what stands behind it or before the first. */
export async function checkHead(deps: HeadChecksDeps, state: HeadState): Promise<Break[]> {
  const { store, keyRing } = deps;
  return [...headBreaks(keyRing, state), ...(await epochBreaks(store, state)), ...(await outsideBreaks(deps, state))];
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

/** Rows that stand where no entry can: the range that was looked at does not hold them, but lists and exports do. */
async function outsideBreaks(
  { store, erasures }: HeadChecksDeps,
  { ledger, head, findEpochKey }: HeadState,
): Promise<Break[]> {
  const known = head && isPlace(head.seq) ? head.seq : await store.findLastSeq(ledger);
  const rows = await store.readOutside(ledger, { lastSeq: known, limit: CHUNK });
  if (rows.length === 0) return [];
  // Read behind the rows: the head has moved on behind those that were appended meanwhile.
  const now = (await store.findHead(ledger))?.seq ?? 0;
  const lastSeq = isPlace(now) ? Math.max(known, now) : known;
  const checkRow = createRowCheck(erasures, ledger);
  const breaks: Break[] = [];
  for (const row of rows.filter(({ seq }) => !(seq >= 1 && seq <= lastSeq))) {
    const where = row.seq > lastSeq ? 'after the newest entry that the head names' : 'where no entry can stand';
    breaks.push({
      seq: row.seq,
      id: row.id,
      kind: (await checkRow(row, findEpochKey(row.epoch))).breaks[0]?.kind ?? 'linkage',
      detail: `stands ${where}`,
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
