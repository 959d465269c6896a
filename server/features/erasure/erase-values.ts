import type { Knex } from 'knex';
import { SIDES, refsOf, type Side } from '../../core/data-subject';
import type { ErasureCover } from '../../core/erasure-cover';
import { sideState } from '../../core/erasure-plan';
import { parseRecord } from '../../core/sealed-record';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import type { EntryRow } from '../../entries/entry-row';
import type { Ledger } from '../../entries/ledger';
import type { SearchIndexer } from '../browse/search-index-service';
import type { ErasureStore } from './erasure-store';
import type { SubjectEntries } from './subject-entries';

interface BatchDeps {
  readonly database: Database;
  readonly store: ErasureStore;
  readonly entries: SubjectEntries;
  readonly indexer: Pick<SearchIndexer, 'hold'>;
}

interface Batch {
  readonly id: string;
  readonly ref: string;
  readonly ledger: Ledger;
  /** What the entries of this erasure cover; nothing else goes. */
  readonly cover: ErasureCover;
  /** The last entry that they cover. */
  readonly through: number;
  /** Whether a legal hold, placed since the erasure was told, keeps an entry: it stays as it is, for the next erasure. */
  readonly isHeld: (entry: EntryRow) => boolean;
}

/** Entries of one transaction: it holds the search index still, and on SQLite everybody who writes. */
const CHUNK = 200;

/** What one entry loses. */
interface Loss {
  readonly row: EntryRow;
  readonly sides: readonly Side[];
}

/**
 * Takes the values of the next entries of a run, in one transaction together with the words that only they put into the search
 * index and with how far it came. True when there may be more. Values that do not fit their commitment any more, though the
 * entries of the erasure do not say so, stay: they were changed since, and are to be found.
 */
export function eraseBatch({ database, store, entries, indexer }: BatchDeps, batch: Batch): Promise<boolean> {
  const { id, ref, ledger, cover, through, isHeld } = batch;
  return retriedTransaction(database, async (trx) => {
    const run = await store.lock(trx, ledger, id);
    if (!run) return false;
    // Before the entries are read: what the index reads now, it reads with their values gone.
    const reindex = await indexer.hold(trx, ledger);
    const rows = await entries.read(ledger, { ref, after: run.doneSeq, through, limit: CHUNK }, trx);
    const losses = rows.flatMap((row): Loss[] => {
      const sides = isHeld(row) ? [] : sidesToErase(row, ref, cover);
      return sides.length === 0 ? [] : [{ row, sides }];
    });
    const parts = (
      await entries.readParts(
        ledger,
        losses.map(({ row }) => row),
        trx,
      )
    ).filter(({ seq, digest, record }) => {
      // prettier-ignore
      const refs = digest === null ? undefined : refsIn(record);
      return refs !== undefined && cover.findDigest(refs, seq) !== undefined;
    });
    await scrubbing(trx, async () => {
      await takeValues(trx, ledger, losses, parts);
      for (const loss of losses) await reindex(loss.row, without(loss));
    });
    const last = rows.at(-1);
    const count = (side: Side) => losses.filter(({ sides }) => sides.includes(side)).length;
    await store.advance(trx, ledger, {
      id,
      doneSeq: last?.seq ?? through,
      actorEntries: run.actorEntries + count('actor'),
      subjectEntries: run.subjectEntries + count('subject'),
    });
    return rows.length === CHUNK;
  });

  /** SQLite leaves what it deletes in the file, until something else takes the place; here it is written over. */
  async function scrubbing(trx: Knex.Transaction, work: () => Promise<void>): Promise<void> {
    if (database.dialect.name !== 'sqlite') return work();
    await trx.raw('PRAGMA secure_delete = ON');
    await work();
    await trx.raw('PRAGMA secure_delete = OFF');
  }
}

async function takeValues(
  trx: Knex.Transaction,
  ledger: Ledger,
  losses: readonly Loss[],
  parts: readonly EntryRow[],
): Promise<void> {
  const clear = async (rows: readonly EntryRow[], columns: readonly string[]) => {
    if (rows.length === 0) return;
    await trx('entry_values')
      .where({ ledger_id: ledger.id })
      .whereIn(
        'seq',
        rows.map(({ seq }) => seq),
      ) // prettier-ignore
      .update(Object.fromEntries(columns.map((column) => [column, null])));
  };
  // Salt and values in one statement: one without the other is a break.
  for (const side of SIDES) {
    const rows = losses.filter(({ sides }) => sides.includes(side)).map(({ row }) => row);
    await clear(rows, ['digest', `${side}_salt`, `${side}_body`]);
  }
  await clear(parts, ['digest']);
}

function sidesToErase(row: EntryRow, ref: string, cover: ErasureCover): Side[] {
  const record = parseRecord(row.record);
  if (!record) return [];
  return SIDES.filter((side) => {
    if (record.subjects[side] !== ref) return false;
    const state = sideState(row, record, side, cover);
    const isCovered = cover.findSide(side, ref, row.seq);
    return (state === 'present' && isCovered !== undefined) || (state === 'altered' && isCovered === 'altered');
  });
}

function without({ row, sides }: Loss): EntryRow {
  const actor = sides.includes('actor') ? { actorSalt: null, actorBody: null } : {};
  const subject = sides.includes('subject') ? { subjectSalt: null, subjectBody: null } : {};
  return { ...row, ...actor, ...subject, digest: null };
}

function refsIn(text: string) {
  const record = parseRecord(text);
  return record && refsOf(record);
}
