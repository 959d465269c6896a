import { v7 as uuidv7 } from 'uuid';
import type { Actor, Via } from '../../core/event';
import type { Database } from '../../db/connection';
import type { Ledger } from '../../entries/entry-store';
import type { LedgerFacts } from '../../entries/ledger-facts';

/** Days that entries are kept; null keeps them for ever. */
export type RetentionDays = number | null;

export const MIN_DAYS = 7;
export const MAX_DAYS = 3_650;
/** What the page offers beside a number of one's own. */
export const RETENTION_PRESETS: readonly RetentionDays[] = [null, 30, 90, 180, 365, 730, 1_825, 2_190, 2_555, 3_650];

export function isRetentionDays(days: number): boolean {
  return Number.isInteger(days) && days >= MIN_DAYS && days <= MAX_DAYS;
}

export interface RetentionPolicy {
  readonly days: RetentionDays;
  /** Null where nobody ever set it. */
  readonly changedAt: number | null;
  readonly changedBy: string | null;
}

/** Somebody who changes what is kept, as actor and by name. */
export interface ChangedBy {
  readonly actor?: Actor;
  readonly name: string;
  readonly via: Via;
}

/** Table and chain do not say the same about retention: somebody changed one of them past the program. */
export class RetentionMismatchError extends Error {
  override name = 'RetentionMismatchError';
}

export interface RetentionService {
  find(ledger: Ledger): Promise<RetentionPolicy>;
  /** The same, once the chain agrees; a prune believes nothing else. Throws RetentionMismatchError. */
  confirm(ledger: Ledger): Promise<RetentionPolicy>;
  /** Throws RangeError for days out of range. A change is an entry; what is set already makes none. */
  set(ledger: Ledger, days: RetentionDays, by: ChangedBy): Promise<RetentionPolicy>;
}

interface PolicyRow {
  ledger_id: number;
  days: number | null;
  changed_at: number;
  changed_by: string;
}

interface RetentionDeps {
  readonly database: Database;
  readonly facts: LedgerFacts;
  readonly now: () => Date;
}

const UNLIMITED = 'unlimited';

export function createRetentionService({ database, facts, now }: RetentionDeps): RetentionService {
  const db = database.knex;

  async function find(ledger: Ledger): Promise<RetentionPolicy> {
    const row = await db<PolicyRow>('retention_policies').where({ ledger_id: ledger.id }).first();
    return { days: row?.days ?? null, changedAt: row?.changed_at ?? null, changedBy: row?.changed_by ?? null };
  }

  async function confirm(ledger: Ledger): Promise<RetentionPolicy> {
    const policy = await find(ledger);
    const last = (await facts.read(ledger, ['audit.retention_changed'])).at(-1);
    const stated = (last?.payload['days'] ?? UNLIMITED) as string;
    if (last && !last.isSound)
      throw new RetentionMismatchError(
        `entry ${last.seq}, which sets the retention, does not fit its seal: run verify`,
      );
    if (stated !== retentionInWords(policy.days))
      throw new RetentionMismatchError(
        `the retention is ${retentionInWords(policy.days)} in the settings and ${stated} in the chain: set it again`,
      );
    return policy;
  }

  return {
    find,
    confirm,
    async set(ledger, days, by) {
      if (days !== null && !isRetentionDays(days))
        throw new RangeError(`entries are kept for ${MIN_DAYS} to ${MAX_DAYS} days, or for ever`);
      const before = await find(ledger);
      const isSet = before.changedAt !== null && before.days === days && (await isConfirmed(ledger));
      if (isSet) return before;
      // The chain first: a prune must never follow what the chain does not say.
      await facts.record(ledger, {
        id: uuidv7(),
        action: 'audit.retention_changed',
        ...(by.actor === undefined ? {} : { actor: by.actor }),
        targetId: ledger.name,
        payload: { ledger: ledger.name, days: retentionInWords(days) },
        changes: [{ field: 'days', before: retentionInWords(before.days), after: retentionInWords(days) }],
        via: by.via,
      });
      await database.dialect.insertRows(
        db,
        'retention_policies',
        ['ledger_id', 'days', 'changed_at', 'changed_by'],
        [[ledger.id, days, now().getTime(), by.name.slice(0, 191)]],
        {
          onConflict: {
            key: ['ledger_id'],
            set: ['days = new(days)', 'changed_at = new(changed_at)', 'changed_by = new(changed_by)'],
          },
        },
      );
      return find(ledger);
    },
  };

  async function isConfirmed(ledger: Ledger): Promise<boolean> {
    try {
      await confirm(ledger);
      return true;
    } catch (error) {
      if (error instanceof RetentionMismatchError) return false;
      throw error;
    }
  }
}

/** As entries say it. */
export function retentionInWords(days: RetentionDays): string {
  return days === null ? UNLIMITED : String(days);
}
