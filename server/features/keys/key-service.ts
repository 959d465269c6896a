import { openCheckpoint } from '../../core/checkpoint';
import type { Actor, Via } from '../../core/event';
import { storedTime, storedTimeOrNull } from '../../core/stored-time';
import type { Database } from '../../db/connection';
import { loadEpochKeys, type EpochKeys } from '../../entries/epoch-keys';
import type { EntryStore, Ledger, Receipt } from '../../entries/entry-store';
import type { Epoch, KeyRing } from '../../entries/key-ring';
import { retireEpoch, rotateEpoch, type Rotation } from '../../entries/rotate-epoch';
import type { VerifyService } from '../integrity/verify-service';
import type { CheckpointService, StoredCheckpoint } from '../tree/checkpoint-service';
import type { TreeService } from '../tree/tree-service';

/** `wrong`: a key opens, and it is not the one that the entries were sealed with. `missing`: none opens. */
export type EpochState = 'open' | 'closed' | 'retired' | 'wrong' | 'missing';

/** A key that has sealed for longer than this has had many chances to be seen. */
export const MAX_EPOCH_DAYS = 365;

/** An epoch of a ledger. Times are RFC 3339; `last_seq` is null while it is open. */
export interface EpochView {
  readonly ledger: string;
  readonly epoch: number;
  readonly state: EpochState;
  readonly check_value: string | null;
  readonly first_seq: number;
  readonly last_seq: number | null;
  readonly opened_at: string;
  readonly retired_at: string | null;
}

/** A checkpoint that somebody else keeps: the signed note, and where it lies. */
export interface HeldCheckpoint {
  readonly note: string;
  readonly where: string;
}

export interface Requester {
  readonly actor?: Actor;
  readonly via: Via;
}

export interface Retirement {
  readonly ledger: string;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly coveredBy: { readonly where: string; readonly size: number };
  readonly receipt: Receipt;
}

/** The key of this epoch is still needed; the message says for what. */
export class RetireRefusedError extends Error {
  override name = 'RetireRefusedError';
}

/** The chain keys of ledgers: what there is, a new one, the end of an old one. History is never sealed anew. */
export interface KeyService {
  list(ledger: Ledger): Promise<EpochView[]>;
  /** Signs a checkpoint of what the old key sealed, then changes to a new key. */
  rotate(ledger: Ledger, requester: Requester): Promise<Rotation & { readonly checkpoint: StoredCheckpoint }>;
  /** Destroys the key of a closed epoch. Throws RetireRefusedError where that would lose a proof. */
  retire(ledger: Ledger, epoch: number, requester: Requester, given?: readonly HeldCheckpoint[]): Promise<Retirement>;
}

interface KeyDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly tree: TreeService;
  readonly checkpoints: CheckpointService;
  readonly verifier: VerifyService;
  /** Checkpoints that lie outside our reach now. */
  readonly heldCheckpoints: (ledger: Ledger) => Promise<readonly HeldCheckpoint[]>;
  /** Told after each commit that moved a head. */
  readonly onCommit: (ledger: string, seq: number, hash: string) => void;
  readonly now: () => Date;
}

export function createKeyService(deps: KeyDeps): KeyService {
  const { store, keyRing } = deps;

  async function findSpan(ledger: Ledger, epoch: number) {
    const { epochs, wrong } = await loadEpochKeys(deps, ledger);
    const row = epochs.find((one) => one.epoch === epoch);
    if (!row) throw refusal(`ledger ${ledger.name} has no epoch ${epoch}`);
    if (row.retiredAt !== null) throw refusal(`its key was destroyed on ${storedTime(row.retiredAt)}`);
    if (row.closedSeq === null) throw refusal('it is open: what is sealed with its key goes on; rotate first');
    if (!row.key || wrong.includes(epoch)) throw refusal('its key does not open with this master key, so that nothing can be checked before'); // prettier-ignore
    return { firstSeq: row.openedSeq, lastSeq: row.closedSeq };
  }

  /** The first of the checkpoints that covers the span and is one of this tree. */
  async function findCover(ledger: Ledger, lastSeq: number, held: readonly HeldCheckpoint[]) {
    const vkeys = await deps.checkpoints.vkeys(ledger);
    for (const { note, where } of held) {
      const opened = openCheckpoint(note, vkeys);
      if (!opened.ok || opened.checkpoint.size < lastSeq) continue;
      const { size, root } = opened.checkpoint;
      if (size > (await deps.tree.catchUp(ledger))) continue;
      if ((await deps.tree.rootAt(ledger, size)).equals(root)) return { where, size };
    }
    throw refusal(
      held.length === 0
        ? 'no checkpoint is held outside: give one with --checkpoint, or set up an anchor'
        : `none of the ${held.length} checkpoints held outside covers entry ${lastSeq} of this tree`,
    );
  }

  return {
    async list(ledger) {
      const keys = await loadEpochKeys(deps, ledger);
      return keys.epochs.map((epoch) => viewOf(ledger, epoch, keys));
    },

    async rotate(ledger, requester) {
      const checkpoint = await deps.checkpoints.sign(ledger, 'rotation');
      const rotation = await rotateEpoch({ store, keyRing }, ledger, { ...requester, at: deps.now() });
      deps.onCommit(ledger.name, rotation.opened.seq, rotation.opened.hash);
      return { ...rotation, checkpoint };
    },

    async retire(ledger, epoch, requester, given = []) {
      const span = await findSpan(ledger, epoch);
      const coveredBy = await findCover(ledger, span.lastSeq, [...given, ...(await deps.heldCheckpoints(ledger))]);
      // Afterwards only the tree can say what these entries were: it must say what the key says while there is one.
      const report = await deps.verifier.verify({ ledger: ledger.name, fromSeq: span.firstSeq, toSeq: span.lastSeq });
      if (report.verdict !== 'intact')
        throw refusal(`its entries are not intact (${report.verdict}): the key is needed to find out what happened`);
      const receipt = await retireEpoch(
        { store, keyRing },
        ledger,
        { epoch, ...span },
        { ...requester, at: deps.now() },
      );
      deps.onCommit(ledger.name, receipt.seq, receipt.hash);
      return { ledger: ledger.name, epoch, ...span, coveredBy, receipt };
    },
  };
}

function refusal(reason: string): RetireRefusedError {
  return new RetireRefusedError(`This epoch cannot be retired: ${reason}.`);
}

function viewOf(ledger: Ledger, row: Epoch, { wrong }: EpochKeys): EpochView {
  const state: EpochState =
    row.retiredAt !== null ? 'retired' : wrong.includes(row.epoch) ? 'wrong' : !row.key ? 'missing' : row.closedSeq === null ? 'open' : 'closed'; // prettier-ignore
  return {
    ledger: ledger.name,
    epoch: row.epoch,
    state,
    check_value: row.checkValue,
    first_seq: row.openedSeq,
    last_seq: row.closedSeq,
    opened_at: storedTime(row.createdAt),
    retired_at: storedTimeOrNull(row.retiredAt),
  };
}
