import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { deriveKey, unwrapKey, wrapKey } from '../core/keys';
import type { NoteSigner } from '../core/note-key';

/** The chain keys of a store: made, wrapped by the master key, and opened again. */
export interface KeyRing {
  /** The chain key of an epoch, or undefined when it is unknown or not wrapped by our master key. */
  findEpochKey(db: Knex, ledgerId: number, ledger: string, epoch: number): Promise<Buffer | undefined>;
  /** A new random chain key for an epoch, stored wrapped. */
  openEpoch(db: Knex, ledgerId: number, ledger: string, epoch: number, openedSeq: number, now: number): Promise<Buffer>;
  readonly headKey: Buffer;
  /** Text that differs between master keys and tells nothing about them. */
  readonly fingerprint: string;
  wrapSecret(secret: Buffer, context: string): string;
  unwrapSecret(wrapped: string, context: string): Buffer | undefined;
  /** Signs checkpoints and certificates of the log with this origin. */
  noteSigner(origin: string): NoteSigner;
}

interface EpochRow {
  ledger_id: number;
  epoch: number;
  wrapped_key: string;
  opened_seq: number;
  created_at: number;
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
      });
      return key;
    },

    wrapSecret: (secret, context) => wrapKey(secretWrapping, secret, context, randomBytes(12)),
    unwrapSecret: (wrapped, context) => unwrapKey(secretWrapping, wrapped, context),
    noteSigner: (origin) => ({ name: origin, seed: deriveKey(masterKey, 'checkpoint', origin) }),
  };
}
