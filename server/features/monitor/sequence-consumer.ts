import type { Knex } from 'knex';
import type { JsonValue } from '../../core/canonical-json';
import { readRecordFields } from '../../core/record-fields';
import { parseRecord } from '../../core/sealed-record';
import type { Database } from '../../db/connection';
import type { Cell } from '../../db/dialect';
import { retriedTransaction } from '../../db/retried-transaction';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { addNumbers, joinSteps } from './sequence-ranges';
import type { SequenceStore } from './sequence-store';

/**
 * Reads behind the commits which numbers of each bridge have arrived: from the entries, and from what was set aside. Ranges
 * and position move in one transaction, so that a restart neither loses a number nor invents a hole.
 */
export interface SequenceConsumer {
  /** Reads on to the newest entry of every ledger. */
  catchUp(): Promise<void>;
}

interface ConsumerDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly sequences: SequenceStore;
  readonly now: () => Date;
}

interface Arrival {
  readonly bridge: string;
  readonly number: number;
}

const CHUNK = 500;
const ENTRIES = 'sequence';
const ASIDE = 'sequence_aside';
/** A sender that gives one number over and over is not told again at each. */
const RESTART_PAUSE_MS = 3_600_000;

export function createSequenceConsumer({ database, store, sequences, now }: ConsumerDeps): SequenceConsumer {
  const { knex: db, dialect } = database;

  return {
    async catchUp() {
      for (const ledger of await store.listLedgers()) {
        await consume(ledger, ENTRIES, readEntries, { mayRestart: true });
        // What was set aside may have been sent before, so that its number says nothing about the sequence but that it came.
        await consume(ledger, ASIDE, readAside, { mayRestart: false });
      }
    },
  };

  type Read = (trx: Knex, ledger: Ledger, after: number) => Promise<{ last: number; arrivals: Arrival[]; full: boolean } | undefined>; // prettier-ignore

  async function consume(ledger: Ledger, name: string, read: Read, options: { mayRestart: boolean }): Promise<void> {
    // Looked at first without a lock: nearly always there is nothing new.
    if ((await read(db, ledger, await positionOf(db, ledger, name, ''))) === undefined) return;
    const row = [name, ledger.id, 0];
    await dialect.insertRows(db, 'consumers', ['name', 'ledger_id', 'seq'], [row], { onConflict: 'ignore' });
    while (await retriedTransaction(database, (trx) => consumeChunk(trx, ledger, name, read, options)));
  }

  /** Whether there may be more. */
  async function consumeChunk(
    trx: Knex,
    ledger: Ledger,
    name: string,
    read: Read,
    options: { mayRestart: boolean },
  ): Promise<boolean> {
    const found = await read(trx, ledger, await positionOf(trx, ledger, name, dialect.forUpdate));
    if (!found) return false;
    await absorb(trx, found.arrivals, options);
    await trx('consumers').where({ name, ledger_id: ledger.id }).update({ seq: found.last });
    return found.full;
  }

  async function positionOf(on: Knex, ledger: Ledger, name: string, lock: string): Promise<number> {
    const sql = `SELECT seq FROM consumers WHERE name = ? AND ledger_id = ?${lock}`;
    const [row] = await dialect.selectArrays(on, sql, [name, ledger.id]);
    return Number(row?.[0] ?? 0);
  }

  async function readEntries(on: Knex, ledger: Ledger, after: number) {
    const sql = `SELECT seq, part, record FROM entries WHERE ledger_id = ? AND seq > ? ORDER BY seq LIMIT ${CHUNK}`;
    const rows = (await dialect.selectArrays(on, sql, [ledger.id, after])) as [number, number, string][];
    return page(rows, ([, part, record]) => {
      const source = part === 0 ? (readRecordFields(record) ?? parseRecord(record))?.source : undefined;
      return arrival(source?.bridge, source?.seq);
    });
  }

  async function readAside(on: Knex, ledger: Ledger, after: number) {
    const sql = `SELECT id, bridge_id, item FROM quarantine WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ${CHUNK}`;
    const rows = (await dialect.selectArrays(on, sql, [ledger.tenant.id, after])) as [number, string, string][];
    return page(rows, ([, bridge, item]) => arrival(bridge, seqIn(item)));
  }

  function page<R extends readonly Cell[]>(rows: readonly R[], arrivalOf: (row: R) => Arrival | undefined) {
    const last = rows.at(-1);
    if (!last) return undefined;
    const arrivals = rows.flatMap((row) => arrivalOf(row) ?? []);
    return { last: Number(last[0]), arrivals, full: rows.length === CHUNK };
  }

  async function absorb(trx: Knex, arrivals: readonly Arrival[], { mayRestart }: { mayRestart: boolean }) {
    const byBridge = new Map<string, number[]>();
    for (const { bridge, number } of arrivals) {
      const numbers = byBridge.get(bridge);
      if (numbers) numbers.push(number);
      else byBridge.set(bridge, [number]);
    }
    for (const [bridge, numbers] of byBridge) {
      const sequence = await sequences.lock(trx, bridge);
      if (!sequence) continue;
      const added = await addTo(trx, bridge, sequence.run, sequence.step, numbers);
      const highest = Math.max(sequence.highest ?? 0, ...numbers);
      const base = sequence.base ?? Math.min(...numbers);
      // With a step above one a number between two others may come late without having been given twice.
      const first = sequence.step === 1 ? added.again[0] : undefined;
      const at = now().getTime();
      if (!mayRestart || first === undefined || at - sequence.runAt < RESTART_PAUSE_MS) {
        await sequences.save(trx, bridge, { ...sequence, base, highest });
        continue;
      }
      const run = sequence.run + 1;
      const renewed = numbers.slice(numbers.indexOf(first));
      await addTo(trx, bridge, run, 1, renewed);
      await sequences.save(trx, bridge, { ...sequence, run, runAt: at, base: first, highest: Math.max(...renewed) });
      await sequences.report(trx, {
        action: 'audit.gap_detected',
        bridgeId: bridge,
        once: `${bridge} run ${run}`,
        payload: { why: 'numbers_began_again', from: String(first), highest_before: String(highest) },
      });
    }
  }

  async function addTo(trx: Knex, bridge: string, run: number, step: number, numbers: readonly number[]) {
    const near = await sequences.rangesNear(trx, bridge, run, Math.min(...numbers) - step, Math.max(...numbers) + step);
    const { ranges, again } = addNumbers(near, numbers);
    await sequences.replaceRanges(trx, bridge, run, near, joinSteps(ranges, step));
    return { again };
  }
}

function arrival(bridge: string | null | undefined, seq: string | null | undefined): Arrival | undefined {
  const number = Number(seq ?? 0);
  return bridge && Number.isSafeInteger(number) && number > 0 ? { bridge, number } : undefined;
}

/** The number in the text of an item that nobody could understand. */
function seqIn(item: string): string | null {
  try {
    const seq = (JSON.parse(item) as { seq?: JsonValue } | null)?.seq;
    return typeof seq === 'number' || typeof seq === 'string' ? String(seq) : null;
  } catch {
    return null; // an item is JSON, but what was kept may have been cut by hand
  }
}
