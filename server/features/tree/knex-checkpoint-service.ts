import type { Knex } from 'knex';
import { formatCheckpoint } from '../../core/checkpoint';
import { EMPTY_ROOT } from '../../core/merkle';
import { formatVkey, keyOf } from '../../core/note-key';
import { signNote } from '../../core/signed-note';
import { rootFromTiles } from '../../core/tile';
import type { Database } from '../../db/connection';
import { retriedTransaction } from '../../db/retried-transaction';
import type { CheckpointFile } from '../../entries/checkpoint-file';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import { KnownError } from '../../errors';
import type { OwnEvents } from '../capture/own-events-service';
import {
  StoppedLedgerError,
  type CheckpointReason,
  type CheckpointService,
  type StoredCheckpoint,
} from './checkpoint-service';
import type { CheckpointStore } from './checkpoint-store';
import { NoOriginError } from './first-origin';
import { originAfter, parseOrigin } from './origin';
import { findSecondHistory } from './second-history';
import type { SignedMemory } from './signed-memory';
import { TreeGapError, type TreeService } from './tree-service';
import type { TreeRow, TreeStore } from './tree-store';

interface CheckpointDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly tree: TreeService;
  readonly trees: TreeStore;
  readonly checkpoints: CheckpointStore;
  readonly memory: SignedMemory;
  readonly file: CheckpointFile;
  readonly storeName: string;
  readonly firstOrigin: (ledger: Ledger) => Promise<string>;
  readonly ownEvents: OwnEvents;
  readonly now: () => Date;
  /** A ledger was stopped just now, or an entry about it could not be written. */
  readonly onStopped: (error: unknown) => void;
}

type Outcome =
  | { readonly kind: 'signed' | 'same'; readonly checkpoint: StoredCheckpoint }
  | { readonly kind: 'stopped'; readonly detail: string; readonly isNew: boolean; readonly origin: string };

export function createCheckpointService(deps: CheckpointDeps): CheckpointService {
  const { database, keyRing, tree, trees, checkpoints, memory, file, storeName, firstOrigin, now } = deps;
  const db = database.knex;
  const listeners: ((checkpoint: StoredCheckpoint) => void)[] = [];
  const vkeyOf = (origin: string) => formatVkey(keyOf(keyRing.noteSigner(origin)));

  async function sign(ledger: Ledger, reason: CheckpointReason): Promise<StoredCheckpoint> {
    const gap = await findGap(ledger);
    const origin = await firstOrigin(ledger);
    const outcome = await retriedTransaction(database, async (trx) => {
      const row = await trees.lock(trx, ledger, origin);
      return signLocked(trx, ledger, row, { reason, gap });
    });
    if (outcome.kind === 'stopped') {
      const error = new StoppedLedgerError(ledger.name, outcome.detail);
      if (outcome.isNew) await tellStopped(ledger, error, outcome.origin);
      throw error;
    }
    if (outcome.kind === 'signed') for (const listener of listeners) listener(outcome.checkpoint);
    return outcome.checkpoint;
  }

  /** What keeps the tree from reaching the head. */
  async function findGap(ledger: Ledger): Promise<string | undefined> {
    try {
      await tree.catchUp(ledger);
      return undefined;
    } catch (error) {
      if (error instanceof TreeGapError) return error.message;
      throw error;
    }
  }

  async function signLocked(
    trx: Knex.Transaction,
    ledger: Ledger,
    row: TreeRow,
    { reason, gap }: { readonly reason: CheckpointReason; readonly gap: string | undefined },
  ): Promise<Outcome> {
    const { origin } = row;
    if (row.state === 'stopped') return { kind: 'stopped', detail: row.stoppedDetail ?? '', isNew: false, origin };
    const detail = gap ?? (await findFault(trx, ledger, row));
    if (detail !== undefined) {
      await trees.update(trx, ledger, {
        state: 'stopped',
        stoppedDetail: detail.slice(0, 1000),
        stoppedAt: now().getTime(),
      });
      return { kind: 'stopped', detail, isNew: true, origin };
    }
    if (row.size === 0) throw new Error(`ledger ${ledger.name} has no entry yet: there is nothing to sign`);
    const newest = row.signedSize === row.size ? await checkpoints.findLatest(trx, ledger, origin) : undefined;
    if (newest?.size === row.size) return { kind: 'same', checkpoint: newest };
    return { kind: 'signed', checkpoint: await signNext(trx, ledger, row, reason) };
  }

  async function findFault(trx: Knex.Transaction, ledger: Ledger, row: TreeRow): Promise<string | undefined> {
    const { remembered, newestOutside } = await memory.recall(trx, ledger, row);
    const rootAt = async (size: number) =>
      size === row.size
        ? Buffer.from(row.root, 'hex')
        : rootFromTiles(size, async (level, tile) => (await trees.readTile(trx, ledger, level, tile)) ?? NO_HASHES);
    try {
      return await findSecondHistory(row, remembered, newestOutside, rootAt);
    } catch (error) {
      if (error instanceof RangeError) return `the tree cannot be read: ${error.message}`;
      throw error;
    }
  }

  /** The tree, then the data folder, then the database: whichever of them a crash leaves behind, the others continue it. */
  async function signNext(
    trx: Knex.Transaction,
    ledger: Ledger,
    row: TreeRow,
    reason: CheckpointReason,
  ): Promise<StoredCheckpoint> {
    // Entries that SQLite has committed but the disk has not would make the next start a second history.
    await database.sync();
    const { origin, size, root } = row;
    const text = formatCheckpoint({ origin, size, root: Buffer.from(root, 'hex') });
    const note = signNote(text, keyRing.noteSigner(origin));
    const checkpoint = { ledger: ledger.name, origin, size, root, note, reason, signedAt: now().getTime() };
    await file.append({
      store: storeName,
      ledger: ledger.name,
      origin,
      size,
      root,
      note,
      signed_at: checkpoint.signedAt,
    });
    await checkpoints.insert(trx, ledger, checkpoint);
    await trees.update(trx, ledger, { signedSize: size, signedRoot: root });
    return checkpoint;
  }

  async function tellStopped(ledger: Ledger, error: StoppedLedgerError, origin: string): Promise<void> {
    deps.onStopped(error);
    try {
      await deps.ownEvents.record(ledger.tenant.slug, {
        action: 'audit.chain_broken',
        targetId: ledger.name,
        payload: { origin, detail: error.detail },
        once: `${origin} ${error.detail}`,
      });
    } catch (cause) {
      deps.onStopped(cause);
    }
  }

  async function startOrigin(ledger: Ledger, reason: string): Promise<StoredCheckpoint> {
    const row = await trees.find(db, ledger);
    if (row?.state !== 'stopped')
      throw new KnownError('bad_request', `ledger ${ledger.name} is not stopped: it goes on under its origin`);
    const { remembered, newestOutside } = await memory.recall(db, ledger, row);
    const last = [...remembered, ...(newestOutside ? [newestOutside] : [])].reduce(
      (most, one) => (one.origin !== row.origin || one.size > most.size ? one : most),
      { origin: row.origin, size: row.signedSize, root: Buffer.from(row.signedRoot, 'hex') },
    );
    const next = originAfter(row.origin, last.origin);
    // First the entry: a crash behind it leaves the ledger stopped, and the command is given again.
    await deps.ownEvents.record(ledger.tenant.slug, {
      action: 'audit.chain_initialised',
      targetId: ledger.name,
      payload: {
        origin: next,
        previous_origin: last.origin,
        previous_size: String(last.size),
        previous_root: last.root.toString('hex'),
        stopped: row.stoppedDetail ?? '',
        reason,
      },
    });
    await retriedTransaction(database, async (trx) => {
      const locked = await trees.lock(trx, ledger, row.origin);
      // Another process was first.
      if (locked.state !== 'stopped' || locked.origin !== row.origin) return;
      await trees.update(trx, ledger, {
        origin: next,
        originNo: parseOrigin(next)?.number ?? 1,
        // Built again from the records: a tile may be what was changed.
        size: 0,
        root: NO_ROOT,
        signedSize: 0,
        signedRoot: NO_ROOT,
        state: 'open',
        stoppedDetail: null,
        stoppedAt: null,
      });
    });
    return sign(ledger, 'request');
  }

  /** Undefined where neither a tree nor a genesis entry names it. */
  async function findOrigin(ledger: Ledger): Promise<string | undefined> {
    try {
      return await firstOrigin(ledger);
    } catch (error) {
      if (error instanceof NoOriginError) return undefined;
      throw error;
    }
  }

  return {
    sign,
    startOrigin,
    latest: (ledger) => checkpoints.findLatest(db, ledger),
    async findCovering(ledger, seq) {
      const latest = await checkpoints.findLatest(db, ledger);
      return latest && checkpoints.findCovering(db, ledger, latest.origin, seq);
    },
    list: (ledger, options) => checkpoints.list(db, ledger, options),

    async vkeys(ledger) {
      const lines = await file.readAll(ledger.name);
      // Where somebody emptied the database, the data folder still knows the log.
      const current = (await findOrigin(ledger)) ?? lines.at(-1)?.origin;
      if (current === undefined) return [];
      const base = parseOrigin(current)?.base;
      const origins = [current, ...(await checkpoints.listOrigins(db, ledger)), ...lines.map(({ origin }) => origin)];
      // A row or line that was put there for another log gives no key of it.
      const ours = origins.filter((origin) => base !== undefined && parseOrigin(origin)?.base === base);
      return [...new Set(ours)].map(vkeyOf);
    },

    async status(ledger) {
      const [row, head, latest] = [
        await trees.find(db, ledger),
        await deps.store.findHead(ledger),
        await checkpoints.findLatest(db, ledger),
      ];
      return {
        ledger: ledger.name,
        origin: row?.origin ?? (await findOrigin(ledger)) ?? '',
        state: row?.state ?? 'open',
        stoppedDetail: row?.stoppedDetail ?? null,
        stoppedAt: row?.stoppedAt ?? null,
        latest,
        behind: Math.max(0, (head?.seq ?? 0) - (row?.signedSize ?? 0)),
      };
    },

    onSigned(listener) {
      listeners.push(listener);
    },
  };
}

const NO_HASHES = Buffer.alloc(0);
const NO_ROOT = EMPTY_ROOT.toString('hex');
