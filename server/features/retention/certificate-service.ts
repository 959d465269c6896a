import { openCertificate, parseCertificate, prunedCount, type PruneCertificate } from '../../core/prune-certificate';
import type { PrunedRun } from '../../core/pruned-runs';
import { parseNote } from '../../core/signed-note';
import type { Break } from '../../core/verify';
import type { Ledger } from '../../entries/entry-store';
import type { LedgerFact, LedgerFacts } from '../../entries/ledger-facts';
import { isFinal, type Prune, type PruneStore } from './prune-store';

/** What the certificates of a ledger account for, and what is wrong with them. */
export interface LoadedCertificates {
  readonly runs: readonly PrunedRun[];
  /** All of kind `certificate`. */
  readonly breaks: readonly Break[];
}

/**
 * Reads the certificates of prunes for a verification: those that stand in the chain and are signed by the key of the ledger's
 * checkpoints. The table of prunes must say the same; it proves nothing by itself.
 */
export interface CertificateService {
  /** Under another master key no signature can be judged: then what is well-formed counts, and the verdict says the rest. */
  load(ledger: Ledger, options: { readonly isKeyOurs: boolean }): Promise<LoadedCertificates>;
}

interface CertificateDeps {
  readonly facts: LedgerFacts;
  readonly prunes: PruneStore;
  /** Verifier keys of all origins of the ledger. */
  readonly vkeysOf: (ledger: Ledger) => Promise<readonly string[]>;
}

interface Stated {
  readonly fact: LedgerFact;
  readonly note: string;
  readonly certificate: PruneCertificate;
}

export function createCertificateService({ facts, prunes, vkeysOf }: CertificateDeps): CertificateService {
  return {
    async load(ledger, { isKeyOurs }) {
      const vkeys = isKeyOurs ? await vkeysOf(ledger) : undefined;
      const breaks: Break[] = [];
      const stated: Stated[] = [];
      // Before and after: a prune may become final while this reads.
      const before = await prunes.list(ledger);
      for (const fact of await facts.read(ledger, ['audit.pruned'])) {
        const found = openFact(fact, ledger, vkeys);
        if (typeof found === 'string') breaks.push(breakAt(fact, `the certificate in this entry: ${found}`));
        else if (overlaps(found, stated)) breaks.push(breakAt(fact, 'the certificate covers what another one covers'));
        else stated.push(found);
      }
      return {
        runs: stated.flatMap(({ certificate }) => certificate.runs),
        breaks: [...breaks, ...tableBreaks(stated, before, await prunes.list(ledger))],
      };
    },
  };
}

/** The certificate in an entry, or what is wrong with it. */
function openFact(fact: LedgerFact, ledger: Ledger, vkeys: readonly string[] | undefined): Stated | string {
  const note = fact.payload['certificate'];
  if (typeof note !== 'string') return 'there is none';
  const checked = vkeys === undefined ? readUnsigned(note) : openCertificate(note, ledger.name, vkeys);
  if (!checked.ok) return checked.fault;
  if (checked.certificate.toSeq >= fact.seq) return 'it covers entries that came after it';
  return { fact, note, certificate: checked.certificate };
}

function readUnsigned(note: string): ReturnType<typeof openCertificate> {
  const certificate = parseCertificate(parseNote(note)?.text ?? '');
  return certificate ? { ok: true, certificate } : { ok: false, fault: 'its text is no certificate' };
}

function overlaps({ certificate }: Stated, others: readonly Stated[]): boolean {
  return others.some((one) => one.certificate.fromSeq <= certificate.toSeq && certificate.fromSeq <= one.certificate.toSeq); // prettier-ignore
}

/** Where the table of prunes, which pages and later prunes read, does not say what the chain says. */
function tableBreaks(stated: readonly Stated[], rows: readonly Prune[], later: readonly Prune[]): Break[] {
  const byId = new Map(stated.map((one) => [one.certificate.id, one]));
  const known = new Set(later.map((row) => row.id));
  const lost = stated.filter(({ certificate }) => !known.has(certificate.id));
  const at = (row: Prune, detail: string): Break => ({
    seq: row.fromSeq,
    id: null,
    kind: 'certificate',
    detail: `prune ${row.id}: ${detail}`,
    receivedAt: null,
  });
  return [
    ...lost.map(({ fact }) => breakAt(fact, 'the table of prunes does not know this one')),
    ...rows.flatMap((row) => {
      const one = byId.get(row.id);
      if (!one) return isFinal(row) ? [at(row, 'no entry in the chain has its certificate')] : [];
      const differing = differingColumns(row, one);
      return differing.length === 0 ? [] : [at(row, `differs from its certificate: ${differing.join(', ')}`)];
    }),
  ];
}

function differingColumns(row: Prune, { fact, note, certificate }: Stated): string[] {
  // Before its state says so, a prune may stand in the chain already: the process ended in between.
  const seq = isFinal(row) ? fact.seq : null;
  const same: readonly (readonly [string, boolean])[] = [
    ['state', row.state !== 'planned'],
    ['from_seq', row.fromSeq === certificate.fromSeq],
    ['to_seq', row.toSeq === certificate.toSeq],
    ['entries', row.entries === prunedCount(certificate)],
    ['days', row.days === certificate.days],
    ['archive', row.archive === fact.payload['archive']],
    ['archive_digest', row.archiveDigest === certificate.archiveDigest],
    ['requested_by', row.requestedBy === fact.payload['requested_by']],
    ['certificate', row.certificate === note],
    ['certificate_seq', row.certificateSeq === seq],
    ['deleted', row.state === 'done' ? row.deleted === row.entries : row.deleted <= row.entries],
  ];
  return same.flatMap(([column, isSame]) => (isSame ? [] : [column]));
}

function breakAt({ seq, id, receivedAt }: LedgerFact, detail: string): Break {
  return { seq, id, kind: 'certificate', detail, receivedAt };
}
