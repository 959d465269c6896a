import type { PrunedRun } from './pruned-runs';
import { verifyNote } from './signed-note';

/** Entries of a segment: a whole tile of level 0. Segments are pruned whole, but for the entries that stay (kept-entries.ts). */
export const SEGMENT = 256;

/**
 * What a prune states and signs before it deletes anything. Its text is a signed note (docs/format.md) by the key of the
 * ledger's checkpoints, and stands in the payload of the `audit.pruned` entry.
 */
export interface PruneCertificate {
  readonly id: string;
  readonly ledger: string;
  /** RFC 3339, like the other times. */
  readonly madeAt: string;
  /** The limit in days that the entries were older than; 0 where a purge took them at any age. */
  readonly days: number;
  /** Whole segments. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** First and last `received_at` of the entries that go. */
  readonly firstReceivedAt: string;
  readonly lastReceivedAt: string;
  /** Size and root (base64) of the checkpoint that was signed before. */
  readonly treeSize: number;
  readonly treeRoot: string;
  /** RFC 6962 root (base64) over the leaf hashes of `fromSeq` to `toSeq` alone. */
  readonly leavesRoot: string;
  /** SHA-256 of the archive file, hex. */
  readonly archiveDigest: string;
  /** What goes, in order. */
  readonly runs: readonly PrunedRun[];
}

const TITLE = 'sealtrail prune certificate v1';

/** The note text, to be signed. */
export function formatCertificate(certificate: PruneCertificate): string {
  const { runs, ...c } = certificate;
  const lines = [
    TITLE,
    `id ${c.id}`,
    `ledger ${c.ledger}`,
    `made ${c.madeAt}`,
    `days ${c.days}`,
    `range ${c.fromSeq} ${c.toSeq}`,
    `entries ${prunedCount(certificate)}`,
    `received ${c.firstReceivedAt} ${c.lastReceivedAt}`,
    `tree ${c.treeSize} ${c.treeRoot}`,
    `leaves ${c.leavesRoot}`,
    `archive ${c.archiveDigest}`,
    ...runs.map((run) => `run ${run.fromSeq} ${run.toSeq} ${run.prevHash} ${run.lastHash}`),
  ];
  return `${lines.join('\n')}\n`;
}

const [UUID, NAME, TIME, COUNT, ROOT, HASH] = [
  '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  '[^\\s]{1,128}',
  '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z',
  '[1-9]\\d{0,15}',
  '[A-Za-z0-9+/]{43}=',
  '[0-9a-f]{64}',
];
const HEAD = new RegExp(
  `^${TITLE}\nid (${UUID})\nledger (${NAME})\nmade (${TIME})\ndays (0|${COUNT})\nrange (${COUNT}) (${COUNT})\nentries (${COUNT})\n` +
    `received (${TIME}) (${TIME})\ntree (${COUNT}) (${ROOT})\nleaves (${ROOT})\narchive (${HASH})\n(?=run )`,
);
const RUN = new RegExp(`^run (${COUNT}) (${COUNT}) (${HASH}) (${HASH})$`);

/** A note text as a certificate; undefined for what is none, or contradicts itself. */
export function parseCertificate(text: string): PruneCertificate | undefined {
  const head = HEAD.exec(text);
  if (!head) return undefined;
  const [whole, id = '', ledger = '', madeAt = '', days, from, to, , firstReceivedAt = '', lastReceivedAt = '', size, treeRoot = '', leavesRoot = '', archiveDigest = ''] = head; // prettier-ignore
  const runs = text.slice(whole.length, -1).split('\n').map(parseRun);
  if (!runs.every((run) => run !== undefined)) return undefined;
  const certificate: PruneCertificate = {
    id,
    ledger,
    madeAt,
    days: Number(days),
    fromSeq: Number(from),
    toSeq: Number(to),
    firstReceivedAt,
    lastReceivedAt,
    treeSize: Number(size),
    treeRoot,
    leavesRoot,
    archiveDigest,
    runs,
  };
  // Written again it must be the same: so the count is right, numbers are plain and nothing stands behind.
  return isOrderly(certificate) && formatCertificate(certificate) === text ? certificate : undefined;
}

function parseRun(line: string): PrunedRun | undefined {
  const [, from, to, prevHash, lastHash] = RUN.exec(line) ?? [];
  if (prevHash === undefined || lastHash === undefined) return undefined;
  return { fromSeq: Number(from), toSeq: Number(to), prevHash, lastHash };
}

/** Whole segments within the tree, and runs within them that have at least one entry between each other. */
function isOrderly({ fromSeq, toSeq, treeSize, runs }: PruneCertificate): boolean {
  const isWhole = fromSeq % SEGMENT === 1 && toSeq % SEGMENT === 0 && fromSeq < toSeq && toSeq <= treeSize;
  return (
    isWhole &&
    runs.every((run, at) => {
      const least = at === 0 ? fromSeq : (runs[at - 1]?.toSeq ?? 0) + 2;
      return run.fromSeq >= least && run.fromSeq <= run.toSeq && run.toSeq <= toSeq;
    })
  );
}

/** Entries that go. */
export function prunedCount({ runs }: Pick<PruneCertificate, 'runs'>): number {
  return runs.reduce((sum, run) => sum + run.toSeq - run.fromSeq + 1, 0);
}

export type CertificateCheck =
  { readonly ok: true; readonly certificate: PruneCertificate } | { readonly ok: false; readonly fault: string };

/** A signed note as a certificate of a ledger; `vkeys` are the keys of its checkpoints. `fault` is plain English. */
export function openCertificate(note: string, ledger: string, vkeys: readonly string[]): CertificateCheck {
  const checked = verifyNote(note, vkeys);
  if (!checked.ok)
    return {
      ok: false,
      fault: checked.fault === 'malformed' ? 'it is no signed note' : 'it is not signed by the key of the checkpoints',
    };
  const certificate = parseCertificate(checked.text);
  if (!certificate) return { ok: false, fault: 'its text is no certificate' };
  if (certificate.ledger !== ledger) return { ok: false, fault: `it is for the ledger ${certificate.ledger}` };
  return { ok: true, certificate };
}
