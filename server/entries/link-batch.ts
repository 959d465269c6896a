import { hashEntry, sealDigest } from '../core/chain';
import { leafHash } from '../core/merkle';
import { recordAt, type PresealedEntry } from '../core/sealed-record';
import type { Cell } from '../db/dialect';
import type { AppendItem, AppendResult, Head, Receipt } from './append';
import { dayNumber } from './day-number';
import { toEntryCells, toValueCells } from './entry-row';
import type { Ledger } from './ledger';

/** Events that the store holds already, by their id. */
export type KnownEvents = ReadonlyMap<
  string,
  { readonly digest: string | null; readonly receipts: readonly Receipt[] }
>;

/** An entry's place in a ledger, and its hash. */
type Place = Pick<Head, 'seq' | 'hash'>;

/** The entry that the next one follows, and the key of its epoch. */
interface Tip {
  readonly head: Pick<Head, 'seq' | 'hash' | 'epoch'>;
  readonly epochKey: Buffer;
}

/** Items as the rows they become behind a tip. */
export interface LinkedPart {
  readonly entries: readonly Cell[][];
  readonly values: readonly Cell[][];
}

/** Gives items their places in the chain, in the order given. Nothing is written here. */
export interface Linker {
  /** The rows of the next items. An event of `known` or one that came twice makes none. */
  link(items: readonly AppendItem[]): LinkedPart;
  /** Of all items so far. */
  readonly results: AppendResult[];
  /** Leaf of each entry in the tree of the ledger. */
  readonly leaves: Buffer[];
  /** Rows of `day_counters` to add. */
  counters(): Cell[][];
  /** The last of the rows; where it began if there are none. */
  readonly head: Place;
}

export function createLinker(ledger: Ledger, from: Tip, known: KnownEvents): Linker {
  const { epochKey } = from;
  const { epoch } = from.head;
  const seen = new Map(known);
  const results: AppendResult[] = [];
  const leaves: Buffer[] = [];
  const counters = createCounters(ledger.id);
  let head: Place = { seq: from.head.seq, hash: from.head.hash };

  function linkItem(item: AppendItem, entries: Cell[][], values: Cell[][]): AppendResult {
    const earlier = seen.get(item.eventId);
    if (earlier) {
      const same = earlier.digest === null || earlier.digest === item.digest;
      return same ? { outcome: 'duplicate', receipts: earlier.receipts } : { outcome: 'conflict', receipts: [] };
    }
    const receipts = item.entries.map((entry): Receipt => {
      const [seq, prevHash] = [head.seq + 1, head.hash];
      const record = recordAt(entry, epoch, seq);
      const hash = hashEntry(epochKey, { ledger: ledger.name, seq, prevHash }, record);
      const place = { ledgerId: ledger.id, tenantId: ledger.tenant.id, epoch, seq, prevHash, hash, record };
      entries.push(toEntryCells(entry, place));
      leaves.push(leafHash(record));
      const digest = item.digest === '' ? null : sealDigest(epochKey, ledger.name, seq, item.digest);
      values.push(toValueCells(entry, { ledgerId: ledger.id, seq, digest }));
      counters.add(entry, seq);
      head = { seq, hash };
      return { id: item.eventId, part: entry.part, ledger: ledger.name, seq, hash };
    });
    seen.set(item.eventId, { digest: item.digest, receipts });
    return { outcome: 'appended', receipts };
  }

  return {
    link(items) {
      const entries: Cell[][] = [];
      const values: Cell[][] = [];
      for (const item of items) results.push(linkItem(item, entries, values));
      return { entries, values };
    },
    results,
    leaves,
    counters: () => counters.rows(),
    get head() {
      return head;
    },
  };
}

/** What a batch adds to the counters of each day (of `occurred_at`, UTC), category and severity. */
function createCounters(ledgerId: number) {
  const rows = new Map<string, [number, number, string, string, number, number, number]>();
  return {
    add(entry: PresealedEntry, seq: number): void {
      const day = dayNumber(entry.occurredAt);
      const key = `${day} ${entry.category} ${entry.severity}`;
      const row = rows.get(key);
      if (!row) rows.set(key, [ledgerId, day, entry.category, entry.severity, 1, seq, seq]);
      else {
        row[4] += 1;
        row[6] = seq;
      }
    },
    rows: () => [...rows.values()],
  };
}
