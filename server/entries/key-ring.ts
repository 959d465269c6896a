import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { checkValueOf } from '../core/epoch-rotation';
import { deriveKey, unwrapKey, wrapKey } from '../core/keys';
import type { NoteSigner } from '../core/note-key';

/** The chain keys of a store: made, wrapped by the master key, and opened again. */
export interface KeyRing {
  /** The chain key of an epoch, or undefined when it is unknown or not wrapped by our master key. */
  findEpochKey(db: Knex, ledgerId: number, ledger: string, epoch: number): Promise<Buffer | undefined>;
  /** Every epoch of a ledger as its row says, oldest first, with its key where it opens. */
  listEpochs(db: Knex, ledgerId: number, ledger: string): Promise<Epoch[]>;
  /** A new random chain key for an epoch, stored wrapped. */
  openEpoch(db: Knex, ledgerId: number, ledger: string, epoch: number, openedSeq: number, now: number): Promise<Buffer>;
  /** The last entry of an epoch; a store older than check values gets that of its key here. */
  closeEpoch(db: Knex, ledgerId: number, ledger: string, epoch: number, closedSeq: number): Promise<void>;
  /** Destroys the stored chain key of an epoch, and the copy that this process holds. */
  retireEpoch(db: Knex, ledgerId: number, ledger: string, epoch: number, now: number): Promise<void>;
  readonly headKey: Buffer;
  /** Text that differs between master keys and tells nothing about them. */
  readonly fingerprint: string;
  wrapSecret(secret: Buffer, context: string): string;
  unwrapSecret(wrapped: string, context: string): Buffer | undefined;
  /** Signs checkpoints and certificates of the log with this origin. */
  noteSigner(origin: string): NoteSigner;
}

export interface Epoch {
  readonly epoch: number;
  readonly key: Buffer | undefined;
  readonly checkValue: string | null;
  readonly openedSeq: number;
  readonly closedSeq: number | null;
  readonly createdAt: number;
  readonly retiredAt: number | null;
}

interface EpochRow {
  ledger_id: number;
  epoch: number;
  wrapped_key: string;
  opened_seq: number;
  created_at: number;
  check_value: string | null;
  closed_seq: number | null;
  retired_at: number | null;
}

export function createKeyRing(masterKey: Buffer): KeyRing {
  const wrapping = deriveKey(masterKey, 'epoch-wrap');
  const secretWrapping = deriveKey(masterKey, 'bridge-secret');
  const opened = new Map<string, Buffer>();
  const contextOf = (ledger: string, epoch: number) => `${ledger}\0${epoch}`;

  return {
    headKey: deriveKey(masterKey, 'head'),
    fingerprint: deriveKey(masterKey, 'key-check').toString('hex').slice(0, 16),

    async findEpochKey(db, ledgerId, ledger, epoch) {
      const context = contextOf(ledger, epoch);
      const known = opened.get(context);
      if (known) return known;
      const row = await db<EpochRow>('epochs').where({ ledger_id: ledgerId, epoch }).first();
      const key = row && unwrapKey(wrapping, row.wrapped_key, context);
      if (key) opened.set(context, key);
      return key;
    },

    async openEpoch(db, ledgerId, ledger, epoch, openedSeq, now) {
      const key = randomBytes(32);
      const wrapped = wrapKey(wrapping, key, contextOf(ledger, epoch), randomBytes(12));
      await db<EpochRow>('epochs').insert({
        ledger_id: ledgerId,
        epoch,
        wrapped_key: wrapped,
        opened_seq: openedSeq,
        created_at: now,
        check_value: checkValueOf(key),
      });
      return key;
    },

    async listEpochs(db, ledgerId, ledger) {
      const rows = await db<EpochRow>('epochs').where({ ledger_id: ledgerId }).orderBy('epoch');
      return rows.map((row) => {
        const context = contextOf(ledger, row.epoch);
        const key = unwrapKey(wrapping, row.wrapped_key, context);
        // Another process may have retired it.
        if (!key) opened.delete(context);
        return {
          epoch: row.epoch,
          key,
          checkValue: row.check_value,
          openedSeq: row.opened_seq,
          closedSeq: row.closed_seq,
          createdAt: row.created_at,
          retiredAt: row.retired_at,
        };
      });
    },

    async closeEpoch(db, ledgerId, ledger, epoch, closedSeq) {
      const key = await this.findEpochKey(db, ledgerId, ledger, epoch);
      await db<EpochRow>('epochs')
        .where({ ledger_id: ledgerId, epoch })
        .update({ closed_seq: closedSeq, ...(key ? { check_value: checkValueOf(key) } : {}) });
    },

    async retireEpoch(db, ledgerId, ledger, epoch, now) {
      await db<EpochRow>('epochs').where({ ledger_id: ledgerId, epoch }).update({ wrapped_key: '', retired_at: now });
      opened.delete(contextOf(ledger, epoch));
    },

    wrapSecret: (secret, context) => wrapKey(secretWrapping, secret, context, randomBytes(12)),
    unwrapSecret: (wrapped, context) => unwrapKey(secretWrapping, wrapped, context),
    noteSigner: (origin) => ({ name: origin, seed: deriveKey(masterKey, 'checkpoint', origin) }),
  };
}
