import type { Knex } from 'knex';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { createFollower, type Follower } from '../../entries/follower';
import { countSlots, type CountedEntry } from './activity-slots';
import { countParties, findDue, partyId, type PartyChange } from './party-counts';

export { SLOT_MS } from './activity-slots';
export { KEPT_DAYS, partyId } from './party-counts';
export { totalsOf } from './party-totals';

/**
 * Keeps the dashboard's counters behind the commits. Several processes may run it on one database; the locked position keeps two
 * from counting the same entries.
 */
export interface ActivityCounter extends Follower {
  /**
   * Keeps the counters still until the transaction ends: to be called before entries are read that are about to go. What it gives
   * takes them out of the counters.
   */
  hold(trx: Knex.Transaction, ledger: Ledger): Promise<(entries: readonly PrunedEntry[]) => Promise<void>>;
}

/** An entry as far as the counters know it. */
export interface PrunedEntry extends CountedEntry {
  readonly seq: number;
  readonly actorType: string;
  readonly actorId: string | null;
  readonly targetType: string;
  readonly targetId: string | null;
}

interface CounterDeps {
  readonly database: Database;
  readonly store: Pick<EntryStore, 'listLedgers'>;
  readonly now: () => Date;
  /** True while new events wait for a commit: they come first. */
  readonly isBusy: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** The names under which `consumers` has the position, and the day (since 1970, UTC) that totals are brought up to. */
export const POSITION = 'activity';
export const DAY = 'activity_day';

const DAY_MS = 86_400_000;
const CHUNK = 400;
const REST_MS = 3_600_000;

export function createActivityCounter({ database, store, now, isBusy, onError }: CounterDeps): ActivityCounter {
  const { knex: db, dialect } = database;
  /** By ledger: the day to which every total was brought up by this process. */
  const broughtUpTo = new Map<number, number>();
  /** By ledger: until when this process does not begin anew, in milliseconds since it started. */
  const restedUntil = new Map<number, number>();

  async function countLedger(ledger: Ledger, mayGoOn: () => Promise<boolean>): Promise<void> {
    const today = dayNow();
    const state = await look(ledger);
    if (state.position === null || state.day === null) await ensureRows(db, ledger, today);
    if (state.day !== null && state.day < today) await moveDay(ledger, today);
    const isAnew = isAhead(state.day) && (await startAnew(ledger));
    // It waits for its clock, or for another process whose day that is: counted as of an earlier day, too little would be left.
    if (isAhead(state.day) && !isAnew) return;
    if ((isAnew || state.head > (state.position ?? 0)) && !(await repeat(ledger, countChunk, mayGoOn))) return;
    if (broughtUpTo.get(ledger.id) === today) return;
    if (await repeat(ledger, bringUpChunk, mayGoOn)) broughtUpTo.set(ledger.id, today);
  }

  /** Without a lock: nearly always there is nothing to do. */
  async function look(ledger: Ledger): Promise<{ head: number; position: number | null; day: number | null }> {
    const [row] = await dialect.selectArrays(
      db,
      'SELECT h.seq, p.seq, d.seq FROM heads h LEFT JOIN consumers p ON p.ledger_id = h.ledger_id AND p.name = ? LEFT JOIN consumers d ON d.ledger_id = h.ledger_id AND d.name = ? WHERE h.ledger_id = ?',
      [POSITION, DAY, ledger.id],
    );
    const [head, position, day] = (row ?? [0, null, null]) as [number, number | null, number | null];
    return { head, position, day };
  }

  /** Small transactions one after the other. Whether it came to the end. */
  async function repeat(
    ledger: Ledger,
    chunk: (trx: Knex.Transaction, ledger: Ledger) => Promise<boolean>,
    mayGoOn: () => Promise<boolean>,
  ): Promise<boolean> {
    while (await retriedTransaction(database, (trx) => chunk(trx, ledger))) if (!(await mayGoOn())) return false;
    return true;
  }

  const dayNow = () => Math.floor(now().getTime() / DAY_MS);

  /** The day is the same for every process, and goes by the clock that is ahead. */
  async function moveDay(ledger: Ledger, today: number): Promise<void> {
    broughtUpTo.delete(ledger.id);
    await db('consumers').where({ name: DAY, ledger_id: ledger.id }).where('seq', '<', today).update({ seq: today });
  }

  /** By more than a day: that is a clock that was wrong, or an edit. */
  const isAhead = (day: number | null): boolean => day !== null && day > dayNow() + 1;

  /**
   * What a day ahead of the clock threw away is still to be counted: the entries are counted once more, from the first one on. At
   * most once an hour, so that two processes whose clocks differ do nothing else. Whether it is so.
   */
  async function startAnew(ledger: Ledger): Promise<boolean> {
    if (performance.now() < (restedUntil.get(ledger.id) ?? 0)) return false;
    restedUntil.set(ledger.id, performance.now() + REST_MS);
    broughtUpTo.delete(ledger.id);
    return retriedTransaction(database, async (trx) => {
      await lock(trx, ledger);
      // Another process may have done it.
      if (!isAhead(await positionOf(trx, DAY, ledger))) return false;
      for (const table of ['activity_slots', 'party_days', 'party_totals'])
        await trx(table).where({ ledger_id: ledger.id }).delete();
      await trx('consumers').where({ name: POSITION, ledger_id: ledger.id }).update({ seq: 0 });
      await trx('consumers').where({ name: DAY, ledger_id: ledger.id }).update({ seq: dayNow() });
      return true;
    });
  }

  /** Counters and position move together. Whether there may be more. */
  async function countChunk(trx: Knex.Transaction, ledger: Ledger): Promise<boolean> {
    const { position, day } = await lock(trx, ledger);
    const rows = await dialect.selectArrays(
      trx,
      `SELECT seq, occurred_at, category, severity, actor_type, actor_id, target_type, target_id FROM entries WHERE ledger_id = ? AND seq > ? ORDER BY seq LIMIT ${CHUNK}`,
      [ledger.id, position],
    );
    const last = rows.at(-1);
    if (!last) return false;
    const entries = rows.map(
      ([seq, occurredAt, category, severity, actorType, actorId, targetType, targetId]) =>
        ({ seq, occurredAt, category, severity, actorType, actorId, targetType, targetId }) as PrunedEntry,
    );
    await count(trx, ledger, entries, { sign: 1, day });
    await trx('consumers').where({ name: POSITION, ledger_id: ledger.id }).update({ seq: last[0] });
    return rows.length === CHUNK;
  }

  /** Totals of which a day has gone by. */
  async function bringUpChunk(trx: Knex.Transaction, ledger: Ledger): Promise<boolean> {
    const { day } = await lock(trx, ledger);
    const due = await findDue(database, trx, ledger, day, CHUNK);
    if (due.length > 0) await countParties(database, trx, ledger, due, day);
    return due.length === CHUNK;
  }

  async function count(
    trx: Knex.Transaction,
    ledger: Ledger,
    entries: readonly PrunedEntry[],
    { sign, day }: { readonly sign: 1 | -1; readonly day: number },
  ): Promise<void> {
    await countSlots(database, trx, ledger, entries, sign);
    await countParties(database, trx, ledger, changesOf(entries, sign), day);
  }

  async function lock(trx: Knex.Transaction, ledger: Ledger): Promise<{ position: number; day: number }> {
    const position = await positionOf(trx, POSITION, ledger, dialect.forUpdate);
    return { position, day: await positionOf(trx, DAY, ledger) };
  }

  async function positionOf(trx: Knex.Transaction, name: string, ledger: Ledger, suffix = ''): Promise<number> {
    const sql = `SELECT seq FROM consumers WHERE name = ? AND ledger_id = ?${suffix}`;
    const [row] = await dialect.selectArrays(trx, sql, [name, ledger.id]);
    return Number(row?.[0] ?? 0);
  }

  async function ensureRows(on: Knex, ledger: Ledger, today: number): Promise<void> {
    const rows = [
      [POSITION, ledger.id, 0],
      [DAY, ledger.id, today],
    ];
    await dialect.insertRows(on, 'consumers', ['name', 'ledger_id', 'seq'], rows, { onConflict: 'ignore' });
  }

  return {
    ...createFollower({ database, store, name: POSITION, isBusy, onError, follow: countLedger }),
    async hold(trx, ledger) {
      await ensureRows(trx, ledger, dayNow());
      const { position, day } = await lock(trx, ledger);
      return async (entries) => {
        const counted = entries.filter(({ seq }) => seq <= position);
        if (counted.length > 0) await count(trx, ledger, counted, { sign: -1, day });
      };
    },
  };
}

/** Each entry once for who did it and once for what it was done to; those of one party and day together. */
function changesOf(entries: readonly PrunedEntry[], sign: 1 | -1): PartyChange[] {
  const changes = new Map<string, PartyChange>();
  const note = (side: 'actor' | 'target', type: string, id: string, day: number) => {
    const key = JSON.stringify([side, type, id, day]);
    changes.set(key, { side, type, id, day, entries: (changes.get(key)?.entries ?? 0) + sign });
  };
  for (const entry of entries) {
    const day = Math.floor(entry.occurredAt / DAY_MS);
    note('actor', entry.actorType, partyId(entry.actorId), day);
    note('target', entry.targetType, partyId(entry.targetId), day);
  }
  return [...changes.values()];
}
