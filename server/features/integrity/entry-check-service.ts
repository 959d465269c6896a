import { openCheckpoint } from '../../core/checkpoint';
import { leafHash, verifyInclusion } from '../../core/merkle';
import { proveInclusion } from '../../core/tile';
import { OTHER_LEAF } from '../../core/tree-sweep';
import { type Break, type BreakKind, type Verdict } from '../../core/verify';
import type { Database } from '../../db/connection';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import { createLeafCheck } from '../../entries/leaf-check';
import { checkLinks, type LinkState } from '../../entries/link-check';
import type { RetiredProof } from '../../entries/retired-proof';
import { createRowCheck } from '../../entries/row-check';
import type { TreeReader } from '../../entries/tree-reader';

export const ENTRY_CHECKS = ['seal', 'columns', 'values', 'previous', 'next', 'leaf', 'checkpoint'] as const;

/** `proven`: the chain key was destroyed, and a tree that somebody outside of the database knows has the record. */
export type CheckState = LinkState | 'proven';

/** One entry, looked at now. */
export interface EntryCheck {
  readonly seq: number;
  readonly id: string;
  readonly verdict: Verdict;
  /** `leaf` and `checkpoint` cannot be told of an entry that is too new for the tree. */
  readonly checks: Readonly<Record<(typeof ENTRY_CHECKS)[number], CheckState>>;
  /** The newest checkpoint that covers the entry. */
  readonly checkpoint: { readonly size: number; readonly root: string } | null;
  readonly breaks: readonly Break[];
}

/** Checks one entry by everything that is at hand. Reads only. */
export interface EntryCheckService {
  /** Undefined when there is no such entry. */
  check(ledger: Ledger, seq: number): Promise<EntryCheck | undefined>;
}

interface CheckDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly trees: TreeReader;
  readonly keyRing: KeyRing;
  readonly erasures: ErasureReader;
  readonly findVkeys: (ledger: Ledger) => Promise<readonly string[]>;
  readonly proveRetired: RetiredProof;
}

export function createEntryCheck({
  database,
  store,
  trees,
  keyRing,
  erasures,
  findVkeys,
  proveRetired,
}: CheckDeps): EntryCheckService {
  const checkLeaves = createLeafCheck(trees);

  /** By an inclusion proof that starts at the record itself, not at the stored leaf. */
  async function checkProof(
    ledger: Ledger,
    row: EntryRow,
  ): Promise<Pick<EntryCheck, 'checkpoint'> & { state: LinkState }> {
    const newest = await trees.findNewestCheckpoint(ledger);
    if (!newest || newest.size < row.seq) return { checkpoint: null, state: 'cannot_tell' };
    const opened = openCheckpoint(newest.note, await findVkeys(ledger));
    if (!opened.ok) return { checkpoint: null, state: 'cannot_tell' };
    const { size, root } = opened.checkpoint;
    const read = async (level: number, tile: number) => (await trees.readTile(ledger, level, tile)) ?? Buffer.alloc(0);
    const proof = await proveInclusion(row.seq - 1, size, read).catch((error: unknown) => {
      if (error instanceof RangeError) return undefined; // tiles are missing
      throw error;
    });
    const isIn = proof && verifyInclusion({ index: row.seq - 1, size, leaf: leafHash(row.record), proof, root });
    return { checkpoint: { size, root: root.toString('hex') }, state: isIn ? 'ok' : 'broken' };
  }

  return {
    async check(ledger, seq) {
      const row = await store.findBySeq(ledger, seq);
      if (!row) return undefined;
      const key = await keyRing.findEpochKey(database.knex, ledger.id, ledger.name, row.epoch);
      const seal = await createRowCheck(erasures, ledger, { prove: proveRetired })(row, key);
      const links = await checkLinks(store, ledger, row);
      const leaf = (await checkLeaves(ledger, [row])).get(seq);
      const { checkpoint, state } = await checkProof(ledger, row);
      const isProven = (await proveRetired(ledger, [row])).get(seq);
      const found = (kind: BreakKind): LinkState => (seal.breaks.some((one) => one.kind === kind) ? 'broken' : 'ok');
      const checks: EntryCheck['checks'] = {
        seal: key ? found('content') : isProven === undefined ? 'cannot_tell' : isProven ? 'proven' : 'broken',
        columns: found('projection'),
        // What explains that they are gone may be sealed under a key that is not at hand.
        values: seal.isUnexplained ? 'cannot_tell' : found('commitment'),
        ...links,
        leaf: leaf === undefined ? 'cannot_tell' : leaf ? 'ok' : 'broken',
        checkpoint: state,
      };
      const breaks = [...seal.breaks, ...(isProven === false ? [rewritten(row)] : []), ...otherBreaks(row, checks)];
      const isUntold = [checks.seal, checks.values, checks.previous, checks.next].includes('cannot_tell');
      const verdict = breaks.length > 0 ? 'broken' : isUntold ? 'cannot_tell' : 'intact';
      return { seq, id: row.id, verdict, checks, checkpoint, breaks };
    },
  };
}

const DETAILS = {
  previous: ['linkage', 'does not follow the entry before it'],
  next: ['linkage', 'the entry after it does not follow it'],
  leaf: ['rewritten', OTHER_LEAF],
  checkpoint: ['rewritten', 'the newest signed checkpoint was not signed over it'],
} as const;

function rewritten({ seq, id }: EntryRow): Break {
  return { seq, id, kind: 'rewritten', detail: 'the checkpoint held outside was not signed over it', receivedAt: null };
}

function otherBreaks(row: EntryRow, checks: EntryCheck['checks']): Break[] {
  return (['previous', 'next', 'leaf', 'checkpoint'] as const)
    .filter((name) => checks[name] === 'broken')
    .map((name) => {
      const [kind, detail] = DETAILS[name];
      return { seq: row.seq, id: row.id, kind, detail, receivedAt: null };
    });
}
