import { setTimeout as pause } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { canonicalJson, type JsonValue } from '../../core/canonical-json';
import { activeHolds, holdEventOf, scopeFromJson, scopeToJson, type HoldScope } from '../../core/legal-hold';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { LeaseStore } from '../../entries/lease-store';
import type { LedgerFacts } from '../../entries/ledger-facts';
import { RetentionMismatchError, type ChangedBy } from './retention-service';

export interface Hold {
  readonly id: string;
  readonly scope: HoldScope;
  readonly reason: string;
  readonly placedAt: number;
  readonly placedBy: string;
  readonly releasedAt: number | null;
  readonly releasedBy: string | null;
  readonly releaseReason: string | null;
}

/** Legal holds: entries that no prune takes, whatever their age. Their proof is in the chain; the table is for reading. */
export interface HoldService {
  /** Throws KnownError (`bad_request`) when scope or reason is empty. What is certified as pruned already is not held. */
  place(ledger: Ledger, scope: HoldScope, reason: string, by: ChangedBy): Promise<Hold>;
  /** Throws KnownError (`bad_request`) when there is no such hold, it is released, or the reason is empty. */
  release(ledger: Ledger, id: string, reason: string, by: ChangedBy): Promise<Hold>;
  /** Newest first. */
  list(ledger: Ledger): Promise<Hold[]>;
  /** The scopes in force, by id, as the chain has them. Throws RetentionMismatchError when the table says something else. */
  confirmActive(ledger: Ledger): Promise<ReadonlyMap<string, HoldScope>>;
  /** Writes what the chain says of holds in force into the table, where somebody changed it; the ids that differed. */
  restore(ledger: Ledger): Promise<string[]>;
  /** Runs `work` while nobody can place a hold. Throws KnownError (`cannot_commit`) when the ledger stays busy. */
  exclusively<T>(ledger: Ledger, work: () => Promise<T>): Promise<T>;
}

interface HoldRow {
  id: string;
  ledger_id: number;
  scope: string;
  reason: string;
  placed_at: number;
  placed_by: string;
  released_at: number | null;
  released_by: string | null;
  release_reason: string | null;
}

interface HoldDeps {
  readonly database: Database;
  readonly facts: LedgerFacts;
  readonly leases: LeaseStore;
  readonly now: () => Date;
}

export const MAX_REASON = 1_000;
const LEASE_MS = 60_000;
const RETRY_MS = 100;
const MAX_TRIES = 100;
const ACTIONS = ['audit.hold_placed', 'audit.hold_released'];

export function createHoldService({ database, facts, leases, now }: HoldDeps): HoldService {
  const db = database.knex;

  async function exclusively<T>(ledger: Ledger, work: () => Promise<T>): Promise<T> {
    const holder = uuidv7();
    for (let attempt = 1; !(await leases.take(ledger, 'holds', holder, LEASE_MS)); attempt += 1) {
      if (attempt === MAX_TRIES)
        throw new KnownError('cannot_commit', 'a prune of this ledger is about to become final');
      await pause(RETRY_MS);
    }
    try {
      return await work();
    } finally {
      await leases.release(ledger, 'holds', holder);
    }
  }

  async function find(ledger: Ledger, id: string): Promise<Hold | undefined> {
    const row = await db<HoldRow>('holds').where({ id, ledger_id: ledger.id }).first();
    return row && fromRow(row);
  }

  return {
    exclusively,

    async place(ledger, scope, reason, by) {
      const said = givenReason(reason);
      if (Object.values(scope).every((part) => part === null))
        throw new KnownError('bad_request', 'a hold names a client, a target, an actor or a time');
      if (scope.after !== null && scope.before !== null && scope.after >= scope.before)
        throw new KnownError('bad_request', 'the time of a hold ends before it begins');
      const id = uuidv7();
      await exclusively(ledger, async () => {
        // The table first: what is only there stops a prune, and can be released.
        await db<HoldRow>('holds').insert({
          id,
          ledger_id: ledger.id,
          scope: canonicalJson(scopeToJson(scope)),
          reason: said,
          placed_at: now().getTime(),
          placed_by: by.name.slice(0, 191),
          released_at: null,
          released_by: null,
          release_reason: null,
        });
        await facts.record(ledger, {
          id,
          action: 'audit.hold_placed',
          ...(by.actor === undefined ? {} : { actor: by.actor }),
          targetId: id,
          payload: { hold: id, ledger: ledger.name, scope: scopeToJson(scope), reason: said },
          via: by.via,
        });
      });
      return (await find(ledger, id)) as Hold;
    },

    async release(ledger, id, reason, by) {
      const said = givenReason(reason);
      await exclusively(ledger, async () => {
        const hold = await find(ledger, id);
        if (!hold || hold.releasedAt !== null) throw new KnownError('bad_request', `there is no hold ${id} in force`);
        await facts.record(ledger, {
          id: uuidv7(),
          action: 'audit.hold_released',
          ...(by.actor === undefined ? {} : { actor: by.actor }),
          targetId: id,
          payload: { hold: id, ledger: ledger.name, reason: said },
          via: by.via,
        });
        // Where this is not reached, the hold is in the table still, and can be released again.
        const released = { released_at: now().getTime(), released_by: by.name.slice(0, 191), release_reason: said };
        await db<HoldRow>('holds').where({ id, ledger_id: ledger.id }).update(released);
      });
      return (await find(ledger, id)) as Hold;
    },

    async list(ledger) {
      const rows = await db<HoldRow>('holds').where({ ledger_id: ledger.id }).orderBy([{ column: 'placed_at', order: 'desc' }, { column: 'id', order: 'desc' }]); // prettier-ignore
      return rows.map(fromRow);
    },

    async confirmActive(ledger) {
      const { active, differing } = await compare(ledger);
      const [first] = differing;
      if (first !== undefined)
        throw new RetentionMismatchError(`the hold ${first} is not the same in the table and in the chain`);
      return active;
    },

    async restore(ledger) {
      const { active, differing } = await compare(ledger);
      for (const id of differing) {
        const scope = active.get(id);
        // What only the table knows stays: it stops a prune until somebody releases it.
        if (scope === undefined) continue;
        const text = canonicalJson(scopeToJson(scope));
        const columns = ['id', 'ledger_id', 'scope', 'reason', 'placed_at', 'placed_by'];
        const row = [id, ledger.id, text, 'restored from the chain', now().getTime(), 'Sealtrail'];
        await database.dialect.insertRows(db, 'holds', columns, [row], { onConflict: 'ignore' });
        const inForce = {
          ledger_id: ledger.id,
          scope: text,
          released_at: null,
          released_by: null,
          release_reason: null,
        };
        await db<HoldRow>('holds').where({ id }).update(inForce);
      }
      return differing;
    },
  };

  /** Holds in force as the chain has them, and the ids of those that the table has otherwise. */
  async function compare(ledger: Ledger) {
    const stated = await facts.read(ledger, ACTIONS);
    const unsound = stated.find((fact) => !fact.isSound);
    if (unsound)
      throw new RetentionMismatchError(
        `entry ${unsound.seq}, which is about a hold, does not fit its seal: run verify`,
      );
    const active = activeHolds(stated.flatMap(({ action, payload }) => holdEventOf(action, payload) ?? []));
    const rows = await db<HoldRow>('holds').where({ ledger_id: ledger.id, released_at: null });
    const listed = new Map(rows.map((row) => [row.id, row.scope]));
    const differing = [...new Set([...active.keys(), ...listed.keys()])].filter((id) => {
      const scope = active.get(id);
      return scope === undefined || listed.get(id) !== canonicalJson(scopeToJson(scope));
    });
    return { active, differing };
  }
}

function givenReason(reason: string): string {
  const said = reason.trim();
  if (said === '' || said.length > MAX_REASON)
    throw new KnownError('bad_request', `a reason has 1 to ${MAX_REASON} characters`);
  return said;
}

function fromRow(row: HoldRow): Hold {
  return {
    id: row.id,
    scope: scopeFromJson(parsed(row.scope)) ?? NOTHING,
    reason: row.reason,
    placedAt: row.placed_at,
    placedBy: row.placed_by,
    releasedAt: row.released_at,
    releasedBy: row.released_by,
    releaseReason: row.release_reason,
  };
}

const NOTHING: HoldScope = { client: null, target: null, actor: null, after: null, before: null };

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // Somebody wrote over it; `confirmActive` tells.
    return undefined;
  }
}
