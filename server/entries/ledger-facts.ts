import type { Knex } from 'knex';
import type { JsonObject } from '../core/canonical-json';
import type { Actor, Change, Via } from '../core/event';
import { HASH_BYTES, leafHash } from '../core/merkle';
import { ownEvent } from '../core/own-event';
import { SEGMENT } from '../core/prune-certificate';
import { parseRecord } from '../core/sealed-record';
import { checkSeal } from '../core/verify';
import type { Database } from '../db/connection';
import type { Appender } from './appender';
import { ENTRY_FROM, ENTRY_SELECT, fromCells, type EntryRow } from './entry-row';
import type { EntryStore, Ledger } from './entry-store';
import { loadEpochKeys } from './epoch-keys';
import type { KeyRing } from './key-ring';
import { sealOwnEvent } from './seal-own-event';

/** The hashes of a level-0 tile; undefined where the tree is not so far. */
export type ReadLeaves = (ledger: Ledger, tile: number) => Promise<Buffer | undefined>;

/** An entry of ours, as far as its sealed record tells. */
export interface LedgerFact {
  readonly seq: number;
  readonly id: string;
  /** RFC 3339; null where the record cannot be read. */
  readonly receivedAt: string | null;
  readonly action: string;
  /** Who did it, as the record names them; no name, which may have been erased. */
  readonly actor: { readonly type: string; readonly id: string | null; readonly role: string | null };
  readonly targetId: string | null;
  readonly payload: JsonObject;
  readonly changes: readonly Change[];
  /** Its record gives its hash, or its leaf where the chain key was destroyed, and no column beside it differs. */
  readonly isSound: boolean;
}

export interface FactDraft {
  /** A UUID: the same one is recorded once. */
  readonly id: string;
  readonly action: string;
  readonly actor?: Actor;
  readonly targetId: string;
  readonly payload: JsonObject;
  readonly changes?: readonly Change[];
  readonly via?: Via | null;
}

/** What the program states in a ledger, and reads back from there: who writes the database and has no key cannot. */
export interface LedgerFacts {
  record(ledger: Ledger, fact: FactDraft): Promise<void>;
  /** Facts of some actions as they stood at one moment, oldest first. */
  read(ledger: Ledger, actions: readonly string[], since?: FactRange): Promise<LedgerFact[]>;
  /** The sequence number of the fact with this id, when it is recorded. */
  findSeq(ledger: Ledger, id: string): Promise<number | undefined>;
}

export interface FactRange {
  readonly afterSeq?: number;
  /** Milliseconds. */
  readonly receivedFrom?: number;
  /** A transaction to read in. What is under a destroyed key must have been read before: its proof is looked up beside it. */
  readonly within?: Knex;
}

interface FactsDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly store: Pick<EntryStore, 'findBySeq' | 'findHead'>;
  readonly appender: Appender;
  readonly readLeaves: ReadLeaves;
  readonly now: () => Date;
}

const FACTS_SQL = `SELECT ${ENTRY_SELECT} FROM ${ENTRY_FROM} WHERE e.ledger_id = ? AND e.action = ? AND e.seq > ? AND e.received_at >= ?`;

export function createLedgerFacts({ database, keyRing, store, appender, readLeaves, now }: FactsDeps): LedgerFacts {
  const { knex: db, dialect } = database;

  /** Whether the tree has entries so of which nobody has the key of their epoch any more. Neighbours share a tile. */
  function createProof(ledger: Ledger): (row: EntryRow) => Promise<boolean> {
    let retired: Promise<readonly number[]> | undefined;
    let last: { readonly tile: number; readonly leaves: Buffer | undefined } | undefined;
    return async ({ seq, epoch, record }) => {
      retired ??= loadEpochKeys({ database, store, keyRing }, ledger).then((keys) => keys.retired);
      if (!(await retired).includes(epoch)) return false;
      const tile = Math.floor((seq - 1) / SEGMENT);
      if (last?.tile !== tile) last = { tile, leaves: await readLeaves(ledger, tile) };
      const at = ((seq - 1) % SEGMENT) * HASH_BYTES;
      return leafHash(record).equals(last.leaves?.subarray(at, at + HASH_BYTES) ?? Buffer.alloc(0));
    };
  }

  /** Makes facts of rows in the order of their numbers; keys and proofs are looked up once for all of them. */
  function createReading(ledger: Ledger, within: Knex): (row: EntryRow) => Promise<LedgerFact> {
    const names = { ledger: ledger.name, tenant: ledger.tenant.slug, tenantId: ledger.tenant.id };
    const keys = new Map<number, Buffer | undefined>();
    const isProven = createProof(ledger);
    return async (row) => {
      if (!keys.has(row.epoch))
        keys.set(row.epoch, await keyRing.findEpochKey(within, ledger.id, ledger.name, row.epoch));
      const { breaks, unverifiable } = checkSeal(row, names, keys.get(row.epoch));
      const record = parseRecord(row.record);
      const isWritten = !unverifiable || (await isProven(row));
      // The name of who did it may have been erased: that changes nothing of what the record says.
      const isWhole = breaks.every((one) => one.kind === 'commitment');
      const isSound = isWhole && isWritten && record?.source.kind === 'own';
      const { payload = {} } = record?.source ?? {};
      return {
        seq: row.seq,
        id: row.id,
        receivedAt: record?.received_at ?? null,
        action: record?.action ?? row.action,
        actor: record?.actor ?? { type: row.actorType, id: row.actorId, role: null },
        targetId: record?.target.id ?? null,
        payload,
        changes: record?.changes ?? [],
        isSound,
      };
    };
  }

  return {
    async record(ledger, fact) {
      const event = ownEvent({ ...fact, at: now().toISOString() });
      await appender.append(ledger, [sealOwnEvent(event, ledger)], []);
    },

    async read(ledger, actions, { afterSeq = 0, receivedFrom = 0, within = db } = {}) {
      // One statement: an entry committed between two would be missed by who goes on behind the newest.
      const sql = actions.map(() => FACTS_SQL).join(' UNION ALL ');
      const bindings = actions.flatMap((action) => [ledger.id, action, afterSeq, receivedFrom]);
      const rows = (await dialect.selectArrays(within, sql, bindings)).map(fromCells).sort((a, b) => a.seq - b.seq);
      const toFact = createReading(ledger, within);
      const facts: LedgerFact[] = [];
      for (const row of rows) facts.push(await toFact(row));
      return facts;
    },

    async findSeq(ledger, id) {
      const sql = 'SELECT seq FROM entries WHERE tenant_id = ? AND event_id = ? AND part = 0';
      const [cells] = await dialect.selectArrays(db, sql, [ledger.tenant.id, id]);
      return cells && Number(cells[0]);
    },
  };
}
