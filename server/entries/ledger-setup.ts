import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { GENESIS_PREV_HASH, macHead } from '../core/chain';
import { ownEvent } from '../core/own-event';
import { RECORD_FORMAT } from '../core/sealed-record';
import type { Database } from '../db/connection';
import type { EntryStore, Ledger } from './entry-store';
import type { KeyRing } from './key-ring';
import { sealOwnEvent } from './seal-own-event';

export const DEFAULT_TENANT = 'default';

export class KeyMismatchError extends Error {
  override name = 'KeyMismatchError';
}

interface SetupDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly store: EntryStore;
  readonly now: () => Date;
}

/** The ledger of a tenant, made with its head, its first epoch and its genesis entry when it is not there yet. */
export async function ensureLedger(deps: SetupDeps, slug: string): Promise<Ledger> {
  const existing = await deps.store.findLedger(slug);
  const ledger = existing ?? (await createLedger(deps, slug));
  const head = await deps.store.findHead(ledger);
  if (head?.seq === 0 && (await deps.store.findLastSeq(ledger)) === 0) await appendGenesis(deps, ledger);
  return ledger;
}

/** Throws KeyMismatchError when the store belongs to another master key; remembers the key of a new store. */
export async function checkMasterKey({ database, keyRing }: SetupDeps): Promise<void> {
  const db = database.knex;
  const row = await db<{ name: string; value: string }>('installation').where({ name: 'key_fingerprint' }).first();
  if (!row) {
    await database.dialect.insertRows(
      db,
      'installation',
      ['name', 'value'],
      [['key_fingerprint', keyRing.fingerprint]],
      { onConflict: 'ignore' },
    );
    return;
  }
  if (row.value !== keyRing.fingerprint) {
    throw new KeyMismatchError(
      'The master key is not the one this database was made with. Entries sealed under the other key cannot be continued or verified with this one.',
    );
  }
}

async function createLedger({ database, keyRing, store, now }: SetupDeps, slug: string): Promise<Ledger> {
  const at = now().getTime();
  try {
    await database.knex.transaction(async (trx) => {
      const tenant = await trx('tenants').where({ slug }).first<{ id: number } | undefined>('id');
      const tenantId = tenant?.id ?? (await nextId(trx, 'tenants'));
      if (!tenant) await trx('tenants').insert({ id: tenantId, slug, name: slug, created_at: at });
      const id = await nextId(trx, 'ledgers');
      await trx('ledgers').insert({ id, tenant_id: tenantId, name: slug, created_at: at });
      const mac = macHead(keyRing.headKey, slug, 0, GENESIS_PREV_HASH);
      await trx('heads').insert({ ledger_id: id, seq: 0, hash: GENESIS_PREV_HASH, mac, epoch: 1 });
      await keyRing.openEpoch(trx, id, slug, 1, 1, at);
    });
  } catch (error) {
    // Two processes starting at once: the other one made it.
    if (!database.dialect.isDuplicate(error)) throw error;
  }
  const ledger = await store.findLedger(slug);
  if (!ledger) throw new Error(`ledger ${slug} could not be made`);
  return ledger;
}

async function nextId(trx: Knex.Transaction, table: string): Promise<number> {
  const row = (await trx(table).max({ last: 'id' }).first()) as { last: number | null } | undefined;
  return (row?.last ?? 0) + 1;
}

/** Two processes may come here at once: the event id is the same in both, so that one genesis entry is stored. */
async function appendGenesis({ store, now }: SetupDeps, ledger: Ledger): Promise<void> {
  const payload = { installation: uuidv7(), record_format: RECORD_FORMAT };
  const event = ownEvent({
    id: `genesis-${ledger.name}`,
    action: 'audit.chain_initialised',
    at: now().toISOString(),
    targetId: ledger.name,
    payload,
  });
  await store.append(ledger, [sealOwnEvent(event, ledger)]);
}
