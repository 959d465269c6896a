import type { Knex } from 'knex';
import type { RowCell, RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import { anchorSettings, type Anchor, type AnchorKind, type AnchorSettings } from './anchor';

export interface NewAnchor {
  readonly id: string;
  readonly ledgerId: number | null;
  readonly kind: AnchorKind;
  readonly name: string;
  readonly target: string;
  readonly everyMs: number;
  readonly settings: AnchorSettings;
  readonly wrappedSecret: string | null;
  readonly createdAt: number;
}

/** How an anchor does. */
export interface AnchorHealth {
  readonly haltedAt: number | null;
  readonly failingSince: number | null;
  readonly lastError: string | null;
}

export interface AnchorStore {
  /** False when there is one with this id already, also one that was removed. */
  add(anchor: NewAnchor): Promise<boolean>;
  /** Those that were not removed, oldest first. */
  list(): Promise<Anchor[]>;
  find(id: string): Promise<Anchor | undefined>;
  findWrappedSecret(id: string): Promise<string | null>;
  /** Whether one that was there is removed now. Its copies stay. */
  remove(id: string, at: number): Promise<boolean>;
  /** Passed over for a row that somebody else changed: to write it anew would make the change look like ours. */
  setHealth(id: string, health: AnchorHealth): Promise<void>;
}

interface AnchorRow {
  id: string;
  ledger_id: number | null;
  kind: AnchorKind;
  name: string;
  target: string;
  every_ms: number;
  settings: string;
  wrapped_secret: string | null;
  created_at: number;
  removed_at: number | null;
  halted_at: number | null;
  failing_since: number | null;
  last_error: string | null;
  mac: string;
}

const MAX_ERROR = 1_000;

export function createAnchorStore(database: Database, rowMac: RowMac): AnchorStore {
  const { knex: db, dialect } = database;
  const active = () => db<AnchorRow>('anchors').whereNull('removed_at').orderBy('created_at').orderBy('id');

  /** Reads, changes and signs anew, under the row's lock. */
  function change(id: string, patch: (row: AnchorRow) => Partial<AnchorRow> | undefined): Promise<boolean> {
    return retriedTransaction(database, async (trx) => {
      const row = await locked(trx, id);
      const changed = row && patch(row);
      if (!row || !changed) return false;
      const next = { ...row, ...changed };
      await trx<AnchorRow>('anchors').where({ id }).update({ ...changed, mac: rowMac.of('anchors', cellsOf(next)) }); // prettier-ignore
      return true;
    });
  }

  async function locked(trx: Knex.Transaction, id: string): Promise<AnchorRow | undefined> {
    return trx<AnchorRow>('anchors').where({ id }).forUpdate().first();
  }

  function fromRow(row: AnchorRow): Anchor {
    const settings = anchorSettings.safeParse(parseJson(row.settings));
    return {
      id: row.id,
      ledgerId: row.ledger_id,
      kind: row.kind,
      name: row.name,
      target: row.target,
      everyMs: row.every_ms,
      settings: settings.success ? settings.data : {},
      createdAt: row.created_at,
      haltedAt: row.halted_at,
      failingSince: row.failing_since,
      lastError: row.last_error,
      isGenuine: rowMac.fits(row.mac, 'anchors', cellsOf(row)),
    };
  }

  return {
    async add({ settings, ...anchor }) {
      const row: AnchorRow = {
        id: anchor.id,
        ledger_id: anchor.ledgerId,
        kind: anchor.kind,
        name: anchor.name,
        target: anchor.target,
        every_ms: anchor.everyMs,
        settings: JSON.stringify(settings),
        wrapped_secret: anchor.wrappedSecret,
        created_at: anchor.createdAt,
        removed_at: null,
        halted_at: null,
        failing_since: null,
        last_error: null,
        mac: '',
      };
      try {
        await db<AnchorRow>('anchors').insert({ ...row, mac: rowMac.of('anchors', cellsOf(row)) });
        return true;
      } catch (error) {
        if (dialect.isDuplicate(error)) return false;
        throw error;
      }
    },
    list: async () => (await active()).map(fromRow),
    async find(id) {
      const row = await active().where({ id }).first();
      return row && fromRow(row);
    },
    async findWrappedSecret(id) {
      return (await active().where({ id }).first())?.wrapped_secret ?? null;
    },
    remove: (id, at) => change(id, (row) => (row.removed_at === null ? { removed_at: at } : undefined)),
    async setHealth(id, { haltedAt, failingSince, lastError }) {
      await change(id, (row) =>
        rowMac.fits(row.mac, 'anchors', cellsOf(row))
          ? { halted_at: haltedAt, failing_since: failingSince, last_error: lastError?.slice(0, MAX_ERROR) ?? null }
          : undefined,
      );
    },
  };
}

function cellsOf(row: AnchorRow): RowCell[] {
  return [
    row.id,
    row.ledger_id,
    row.kind,
    row.name,
    row.target,
    row.every_ms,
    row.settings,
    row.wrapped_secret,
    row.created_at,
    row.removed_at,
    row.halted_at,
    row.failing_since,
    row.last_error,
  ];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
