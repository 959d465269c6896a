import { openCheckpoint } from '../../core/checkpoint';
import type { RootClaim } from '../../core/tree-sweep';
import type { Break } from '../../core/verify';
import type { Ledger } from '../../entries/entry-store';
import type { CheckpointRow, TreeReader } from '../../entries/tree-reader';

/** A signed note that somebody keeps, and where. */
export interface HeldNote {
  readonly note: string;
  readonly where: string;
  /** Somebody changed the copy, as whoever keeps it found out; `note` is empty then. */
  readonly fault?: string;
}

/** What is said about a ledger beside its entries, read before its head: nothing of it may be newer. */
export interface Evidence {
  /** Leaves that the stored tree has. */
  readonly treeSize: number;
  readonly claims: readonly RootClaim[];
  /** What is wrong with the claims themselves. */
  readonly breaks: readonly Break[];
  /** The largest size that a genuine copy outside the database knows. */
  readonly heldSize: number;
}

export interface EvidenceDeps {
  readonly trees: TreeReader;
  /** Verifier keys of the ledger's checkpoints. */
  readonly findVkeys: (ledger: Ledger) => Promise<readonly string[]>;
  /** Checkpoints that are kept outside of the database. */
  readonly heldCheckpoints: (ledger: Ledger) => Promise<readonly HeldNote[]>;
}

interface EvidenceOptions {
  readonly expected: readonly HeldNote[];
  /** False: no chain key opens, so that our keys say nothing about signatures either. */
  readonly hasOurKey: boolean;
  /** Stored checkpoints of this size and below are left out. */
  readonly above: number;
}

const PAGE = 1_000;

export async function collectEvidence(
  { trees, findVkeys, heldCheckpoints }: EvidenceDeps,
  ledger: Ledger,
  { expected, hasOurKey, above }: EvidenceOptions,
): Promise<Evidence> {
  const vkeys = hasOurKey ? await findVkeys(ledger) : [];
  const claims: RootClaim[] = [];
  const breaks: Break[] = [];
  const tree = await trees.findTree(ledger);
  let namesSigned = (tree?.signedSize ?? 0) === 0;
  for (let after = 0; ;) {
    const rows = await trees.listCheckpoints(ledger, after, PAGE);
    for (const row of rows) {
      namesSigned ||= row.origin === tree?.origin && row.size === tree.signedSize && row.root === tree.signedRoot;
      if (above > 0 && row.size <= above) continue;
      const checked = checkRow(row, vkeys, hasOurKey);
      if (typeof checked === 'string') breaks.push(aBreak(row.size, checked));
      else claims.push(checked);
    }
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) break;
    after = last.id;
  }
  if (tree && !namesSigned)
    breaks.push(aBreak(tree.signedSize, 'the row of the tree names a checkpoint that is not there'));
  const treeSize = tree?.size ?? 0;
  const reaches = treeSize >= 0 && treeSize >= (tree?.signedSize ?? 0);
  if (!reaches) breaks.push(aBreak(0, 'the row of the tree says that it has fewer leaves than were signed'));
  if (tree && tree.size > 0)
    claims.push({ size: tree.size, root: tree.root, kind: 'certificate', where: 'the stored root of the Merkle tree' });

  let heldSize = 0;
  for (const { note, where, fault } of [...(await heldCheckpoints(ledger)), ...expected]) {
    if (fault !== undefined) breaks.push(aBreak(0, `the copy in ${where}: ${fault}`));
    if (!hasOurKey || fault !== undefined) continue;
    const opened = openCheckpoint(note, vkeys);
    if (!opened.ok) breaks.push(aBreak(0, `the checkpoint in ${where} ${FAULTS[opened.fault]}`));
    else {
      const { size, root } = opened.checkpoint;
      heldSize = Math.max(heldSize, size);
      claims.push({ size, root: root.toString('hex'), kind: 'rewritten', where: `the checkpoint in ${where}` });
    }
  }
  return { treeSize: treeSize > 0 ? treeSize : 0, claims: claims.filter((claim) => claim.size > 0), breaks, heldSize };
}

const FAULTS = {
  malformed: 'cannot be read',
  bad_signature: 'was changed: its signature does not fit',
  no_known_key: 'was signed by no key of this ledger',
} as const;

/** What a stored checkpoint claims, or what is wrong with it. */
function checkRow(row: CheckpointRow, vkeys: readonly string[], hasOurKey: boolean): RootClaim | string {
  const where = `the checkpoint of ${row.size} entries`;
  const claim: RootClaim = { size: row.size, root: row.root, kind: 'rewritten', where };
  if (!hasOurKey) return claim;
  const opened = openCheckpoint(row.note, vkeys);
  if (!opened.ok) return `${where}, as it is stored, ${FAULTS[opened.fault]}`;
  const { origin, size, root } = opened.checkpoint;
  const isSame = origin === row.origin && size === row.size && root.toString('hex') === row.root;
  return isSame ? claim : `${where}, as it is stored, is not what was signed`;
}

function aBreak(seq: number, detail: string): Break {
  return { seq, id: null, kind: 'certificate', detail, receivedAt: null };
}
