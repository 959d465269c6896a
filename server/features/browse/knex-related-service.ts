import { parseRecord } from '../../core/sealed-record';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import type { EntryRow } from '../../entries/entry-row';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { BrowseService } from './browse-service';
import { referenceOf } from './entry-line-page';
import type { EntryView } from './entry-view';
import { isFilterValue } from './filter-value';
import {
  RELATIONS,
  type RelatedGroup,
  type RelatedOptions,
  type RelatedService,
  type Relation,
} from './related-service';

interface RelatedDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly browse: Pick<BrowseService, 'viewRows'>;
}

/** Entries of the same account looked through for the same session, on either side. */
const SESSION_WINDOW = 100;
/** Entries looked through for the same request, on either side. */
const REQUEST_WINDOW = 50;
const REQUEST_MS = 2_000;
const AROUND = 3;
const MAX_PARTS = 50;

export function createRelatedService({ database, store, browse }: RelatedDeps): RelatedService {
  const { knex: db, dialect } = database;

  /** One run of an index on either side of an entry, nearest first. */
  async function findNear(
    ledger: Ledger,
    by: 'actor' | 'target',
    { type, id }: { readonly type: string; readonly id: string },
    seq: number,
    perSide: number,
  ): Promise<number[]> {
    const side = async (than: '<' | '>') => {
      const rows = await dialect.selectArrays(
        db,
        `SELECT e.seq FROM entries e ${dialect.useIndex(`entries_${by}`)}
         WHERE e.ledger_id = ? AND e.${by}_type = ? AND e.${by}_id = ? AND e.seq ${than} ?
         ORDER BY e.seq ${than === '<' ? 'DESC' : 'ASC'} LIMIT ${perSide}`,
        [ledger.id, type, id, seq],
      );
      return rows.map(([found]) => Number(found));
    };
    return [...(await side('<')), ...(await side('>'))];
  }

  async function findParts(ledger: Ledger, row: EntryRow): Promise<number[]> {
    const bindings: Cell[] = [ledger.tenant.id, row.eventId, ledger.id];
    const sql = `SELECT seq FROM entries WHERE tenant_id = ? AND event_id = ? AND ledger_id = ? ORDER BY part LIMIT ${MAX_PARTS}`;
    return (await dialect.selectArrays(db, sql, bindings)).map(([seq]) => Number(seq));
  }

  async function findRequest(ledger: Ledger, row: EntryRow, perSide: number): Promise<number[]> {
    const range = { fromSeq: Math.max(1, row.seq - REQUEST_WINDOW), toSeq: row.seq + REQUEST_WINDOW };
    const own = requestOf(row);
    const rows = own === null ? [] : await store.readRange(ledger, { ...range, limit: 2 * REQUEST_WINDOW + 1 });
    const same = rows.filter(
      (one) => Math.abs(one.occurredAt - row.occurredAt) <= REQUEST_MS && requestOf(one) === own,
    );
    return nearest([...new Set([...(await findParts(ledger, row)), ...same.map(({ seq }) => seq)])], row.seq, perSide);
  }

  async function findSession(ledger: Ledger, row: EntryRow, perSide: number): Promise<number[]> {
    const session = sessionOf(row);
    if (session === null || row.actorId === null) return [];
    const actor = { type: row.actorType, id: row.actorId };
    const seqs = await findNear(ledger, 'actor', actor, row.seq, SESSION_WINDOW);
    const same = (await store.readMany(ledger, seqs)).filter((one) => sessionOf(one) === session);
    return nearest(same.map(({ seq }) => seq), row.seq, perSide); // prettier-ignore
  }

  async function findSeqs(relation: Relation, ledger: Ledger, row: EntryRow, perSide: number): Promise<number[]> {
    switch (relation) {
      case 'request':
        return findRequest(ledger, row, perSide);
      case 'session':
        return findSession(ledger, row, perSide);
      case 'target':
        return row.targetId === null
          ? []
          : findNear(ledger, 'target', { type: row.targetType, id: row.targetId }, row.seq, perSide);
      case 'actor':
        return row.actorId === null
          ? []
          : findNear(ledger, 'actor', { type: row.actorType, id: row.actorId }, row.seq, perSide);
      case 'around': {
        const side = Math.min(perSide, AROUND);
        return Array.from({ length: 2 * side + 1 }, (_, i) => row.seq - side + i).filter((seq) => seq > 0);
      }
    }
  }

  return {
    async find(ledger, entry, { perSide, scope }: RelatedOptions) {
      const row = await store.findBySeq(ledger, entry.seq);
      if (!row) return [];
      const found = new Map<Relation, number[]>();
      for (const relation of RELATIONS)
        found.set(
          relation,
          (await findSeqs(relation, ledger, row, perSide)).filter((seq) => seq !== row.seq),
        );
      const rows = await store.readMany(ledger, [...new Set([...found.values()].flat())]);
      const shown = rows.filter(
        (one) => !scope || referenceOf({ type: one.actorType, id: one.actorId }) === scope.actor,
      );
      const views = new Map((await browse.viewRows(ledger, shown)).map((view) => [view.seq, view]));
      return RELATIONS.flatMap((relation): RelatedGroup[] => {
        const entries = [...(found.get(relation) ?? [])].sort((a, b) => a - b).flatMap((seq) => views.get(seq) ?? []);
        return entries.length === 0
          ? []
          : [{ relation, entries, filter: filterOf(relation, entry), window: WINDOWS[relation] ?? null }];
      });
    },
  };
}

const WINDOWS: Partial<Record<Relation, number>> = { request: REQUEST_WINDOW, session: SESSION_WINDOW };

function filterOf(relation: Relation, entry: EntryView): RelatedGroup['filter'] {
  if (relation !== 'target' && relation !== 'actor') return null;
  const reference = referenceOf(entry[relation]);
  return isFilterValue(reference) ? { [relation]: reference } : null;
}

function nearest(seqs: readonly number[], seq: number, perSide: number): number[] {
  const sorted = [...seqs].sort((a, b) => a - b);
  return [...sorted.filter((one) => one < seq).slice(-perSide), ...sorted.filter((one) => one > seq).slice(0, perSide)];
}

/** What entries of one request have in common; null where too little is known of it to tell one from another. */
function requestOf(row: EntryRow): string | null {
  const record = parseRecord(row.record);
  if (!record || record.actor.id === null || record.source.script === null) return null;
  return JSON.stringify([
    record.source.bridge,
    record.actor.type,
    record.actor.id,
    record.source.script,
    sessionOf(row),
  ]);
}

function sessionOf(row: EntryRow): string | null {
  if (!row.actorBody?.includes('"session"')) return null;
  try {
    const { session } = JSON.parse(row.actorBody) as { session?: unknown };
    return typeof session === 'string' ? session : null;
  } catch {
    return null;
  }
}
