import { isValidByProof, type ProofRule } from '../core/epoch-rotation';
import { ERASURE_ACTION, readErasure, type AppliedErasure } from '../core/erasure-cover';
import { parseRecord } from '../core/sealed-record';
import { checkSeal } from '../core/verify';
import type { Database } from '../db/connection';
import type { EntryReader } from './entry-reader';
import type { EntryRow } from './entry-row';
import type { KeyRing } from './key-ring';
import { createLeafCheck } from './leaf-check';
import type { Ledger } from './ledger';
import type { RetiredProof } from './retired-proof';
import type { TreeReader } from './tree-reader';

/**
 * The erasures that a ledger tells of: from its entries alone, never from the table `erasures`, which anybody who writes the
 * database may fill. An entry that is not what was sealed, or stands behind the head, tells nothing.
 */
export interface ErasureReader {
  /**
   * In the order in which they were applied. `reuse` checks an entry once for as long as its hash stays; for pages. An entry whose
   * key is retired is proved by `proof` and its leaf in the stored tree, which whoever gives the rule has to have compared; or, for
   * few of them, by `prove`, each by itself.
   */
  readAll(
    ledger: Ledger,
    options?: { readonly reuse?: boolean; readonly proof?: ProofRule; readonly prove?: RetiredProof },
  ): Promise<readonly AppliedErasure[]>;
}

interface ReaderDeps {
  readonly database: Database;
  readonly reader: Pick<EntryReader, 'readMany'>;
  readonly keyRing: KeyRing;
  readonly trees: Pick<TreeReader, 'readLeafTiles'>;
}

const CHUNK = 100;

export function createErasureReader({ database, reader, keyRing, trees }: ReaderDeps): ErasureReader {
  const { knex: db, dialect } = database;
  const checkLeaves = createLeafCheck(trees);
  const checked = new Map<string, AppliedErasure | undefined>();

  async function check(
    ledger: Ledger,
    row: EntryRow,
    { proof, prove }: { readonly proof?: ProofRule | undefined; readonly prove?: RetiredProof | undefined },
  ): Promise<AppliedErasure | undefined> {
    const names = { ledger: ledger.name, tenant: ledger.tenant.slug, tenantId: ledger.tenant.id };
    const key = await keyRing.findEpochKey(db, ledger.id, ledger.name, row.epoch);
    // What whoever asked left there may have been erased since: that changes nothing of what the record says.
    const isBroken = checkSeal(row, names, key).breaks.some((one) => one.kind !== 'commitment');
    const record = isBroken ? undefined : parseRecord(row.record);
    if (!record || key) return record && readErasure(record, true);
    const leaf = (await checkLeaves(ledger, [row])).get(row.seq);
    const isIn = (await prove?.(ledger, [row]))?.get(row.seq);
    if (leaf === false || isIn === false) return undefined;
    if (isIn) return readErasure(record, true);
    return readErasure(record, leaf === true && proof !== undefined && isValidByProof(row, proof));
  }

  async function listPlaces(ledger: Ledger): Promise<{ readonly seq: number; readonly mark: string }[]> {
    const sql = `SELECT e.seq, e.hash FROM entries e ${dialect.useIndex('entries_action')}
      WHERE e.ledger_id = ? AND e.action = ? AND e.seq <= COALESCE((SELECT h.seq FROM heads h WHERE h.ledger_id = e.ledger_id), e.seq)
      ORDER BY e.seq`;
    const rows = await dialect.selectArrays(db, sql, [ledger.id, ERASURE_ACTION]);
    return rows.map(([seq, hash]) => ({ seq: Number(seq), mark: [ledger.id, seq, hash].join(' ') }));
  }

  return {
    async readAll(ledger, { reuse = false, proof, prove } = {}) {
      const places = await listPlaces(ledger);
      const found = new Map<number, AppliedErasure | undefined>();
      const toRead = places.filter(({ seq, mark }) => {
        if (!reuse || !checked.has(mark)) return true;
        found.set(seq, checked.get(mark));
        return false;
      });
      for (let at = 0; at < toRead.length; at += CHUNK) {
        const some = toRead.slice(at, at + CHUNK);
        const rows = new Map((await reader.readMany(ledger, some.map(({ seq }) => seq))).map((row) => [row.seq, row])); // prettier-ignore
        for (const { seq, mark } of some) {
          const row = rows.get(seq);
          const erasure = row && (await check(ledger, row, { proof, prove }));
          found.set(seq, erasure);
          // One that could not be proved may be another time, with the key at hand.
          if (erasure?.isProven && !proof) checked.set(mark, erasure);
        }
      }
      return places.flatMap(({ seq }) => found.get(seq) ?? []);
    },
  };
}
