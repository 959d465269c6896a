import { coverOf, createErasureCover } from '../../core/erasure-cover';
import { checkSeal, type Break, type LedgerNames } from '../../core/verify';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';

interface Findings {
  readonly scanned: number;
  readonly valid: number;
  readonly unverifiable: number;
  readonly breaks: readonly Break[];
}

interface ExplainDeps {
  readonly store: Pick<EntryStore, 'readMany'>;
  readonly erasures: ErasureReader;
}

const CHUNK = 500;

/**
 * Findings without the breaks that an erasure made while the scan ran: its entry is committed before any value goes, so that who
 * found a value missing finds the entry afterwards. `known` erasures are those that the scan was told of.
 */
export async function explainErased<T extends Findings>(
  { store, erasures }: ExplainDeps,
  scan: {
    readonly ledger: Ledger;
    readonly names: LedgerNames;
    readonly keys: ReadonlyMap<number, Buffer>;
    readonly known: number;
  },
  findings: T,
): Promise<T> {
  const seqs = findings.breaks.filter((one) => one.kind === 'commitment').map((one) => one.seq);
  if (seqs.length === 0) return findings;
  const applied = await erasures.readAll(scan.ledger);
  if (applied.length === scan.known) return findings;
  const cover = createErasureCover(coverOf(applied));
  const explained = new Set<number>();
  let [valid, unverifiable] = [findings.valid, findings.unverifiable];
  const otherwiseBroken = new Set(findings.breaks.filter((one) => one.kind !== 'commitment').map((one) => one.seq));
  for (let at = 0; at < seqs.length; at += CHUNK) {
    for (const row of await store.readMany(scan.ledger, seqs.slice(at, at + CHUNK))) {
      const check = checkSeal(row, scan.names, scan.keys.get(row.epoch), cover);
      if (check.breaks.some((one) => one.kind === 'commitment')) continue;
      explained.add(row.seq);
      if (otherwiseBroken.has(row.seq)) continue;
      if (check.unverifiable) unverifiable += 1;
      else valid += 1;
    }
  }
  const breaks = findings.breaks.filter((one) => one.kind !== 'commitment' || !explained.has(one.seq));
  return { ...findings, valid, unverifiable, breaks };
}
