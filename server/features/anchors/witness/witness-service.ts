import { openCheckpoint } from '../../../core/checkpoint';
import { cosign } from '../../../core/cosignature';
import { EMPTY_ROOT, verifyConsistency } from '../../../core/merkle';
import { COSIGNATURE, formatVkey, keyOf, parseVkey, type NoteSigner } from '../../../core/note-key';
import { signatureLine } from '../../../core/signed-note';
import { parseAddCheckpoint, type AddCheckpoint } from './add-checkpoint';
import { newWitnessedLog, type WitnessedLog, type WitnessLogStore } from './witness-log-store';
import type { Remembered, WitnessMemory } from './witness-memory';

/** What is answered to an add-checkpoint call; `body` is the size that we know with 409, signature lines with 200. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly body: string;
}

/**
 * A witness for other logs (C2SP tlog-witness): signs a checkpoint only when it continues the one that it signed before, and
 * remembers it on the disk before it answers. However many calls come at once, and wherever the process is killed, no two
 * checkpoints of one log that contradict each other carry its signature.
 */
export interface WitnessService {
  readonly vkey: string;
  /** Throws RangeError for what is no verifier key of a log. */
  add(vkey: string): Promise<WitnessedLog>;
  list(): Promise<WitnessedLog[]>;
  /** Whether a log that was known is refused from now on. */
  remove(origin: string): Promise<boolean>;
  addCheckpoint(body: Buffer): Promise<WitnessAnswer>;
  /** The newest checkpoint of a log that was signed here, with our line; for whoever wants to compare. */
  findLast(origin: string): Promise<string | undefined>;
}

interface WitnessDeps {
  readonly signer: NoteSigner;
  readonly logs: WitnessLogStore;
  readonly memory: WitnessMemory;
  readonly now: () => Date;
  /** Told of a log that showed a history which does not continue the one signed before. */
  readonly onContradiction: (seen: AddCheckpoint, known: WitnessedLog) => Promise<void>;
}

export class WitnessStateError extends Error {
  override name = 'WitnessStateError';
}

export function createWitnessService({ signer, logs, memory, now, onContradiction }: WitnessDeps): WitnessService {
  async function addCheckpoint(body: Buffer): Promise<WitnessAnswer> {
    const call = parseAddCheckpoint(body);
    if (!call) return { status: 400, body: 'this is not an add-checkpoint request\n' };
    const { checkpoint, oldSize } = call;
    // Before the state in the database, which is written first: what is noted is then never ahead of it.
    const noted = await memory.newest(checkpoint.origin);
    const log = await logs.find(checkpoint.origin);
    if (!log || log.removedAt !== null) return { status: 404, body: 'this log is not known here\n' };
    if (!openCheckpoint(call.note, log.vkeys).ok)
      return { status: 403, body: 'no known key of this log has signed the checkpoint\n' };
    if (oldSize > checkpoint.size) return { status: 400, body: 'the old size is larger than the checkpoint\n' };
    refuseOldState(log, noted);
    if (oldSize !== log.size) return { status: 409, body: `${log.size}\n` };
    if (!continues(call, log)) {
      await onContradiction(call, log);
      return { status: 422, body: 'the checkpoint does not continue the one that was signed before\n' };
    }
    return sign(call, log);
  }

  async function sign({ checkpoint, text, note }: AddCheckpoint, log: WitnessedLog): Promise<WitnessAnswer> {
    const signedAt = now().getTime();
    const cosignature = signatureLine(cosign(text, signer, Math.floor(signedAt / 1_000)));
    const { origin, size } = checkpoint;
    const root = checkpoint.root.toString('hex');
    if (!(await logs.change(log, { size, root, note, cosignature, signedAt }))) {
      const newest = await logs.find(origin);
      return { status: 409, body: `${newest?.size ?? 0}\n` };
    }
    await memory.note({ origin, size, root, note: `${note}${cosignature}`, signedAt });
    return { status: 200, body: cosignature };
  }

  /** Throws when the database was changed by somebody else, or knows less than we have signed. */
  function refuseOldState(log: WitnessedLog, noted: Remembered | undefined): void {
    refuseChanged(log);
    if (noted && (noted.size > log.size || (noted.size === log.size && noted.root !== log.root)))
      throw new WitnessStateError(
        `the database knows ${log.origin} at size ${log.size}, and size ${noted.size} was signed: it was put back to an older state`,
      );
  }

  async function getLog(origin: string): Promise<WitnessedLog> {
    const log = await logs.find(origin);
    if (!log) throw new WitnessStateError(`the state of ${origin} is gone`);
    refuseChanged(log);
    return log;
  }

  return {
    vkey: formatVkey(keyOf(signer, COSIGNATURE)),
    async add(vkey) {
      const key = parseVkey(vkey);
      if (!key || key.type === COSIGNATURE) throw new RangeError('this is not the verifier key of a log');
      for (;;) {
        const fresh = newWitnessedLog(key.name, [vkey], now().getTime());
        if (await logs.insert(fresh)) return fresh;
        const known = await getLog(key.name);
        const added = { removedAt: null, vkeys: [...new Set([...known.vkeys, vkey])] };
        if (await logs.change(known, added)) return { ...known, ...added };
      }
    },
    list: () => logs.list(),
    async remove(origin) {
      for (;;) {
        if ((await logs.find(origin)) === undefined) return false;
        const log = await getLog(origin);
        if (log.removedAt !== null) return false;
        if (await logs.change(log, { removedAt: now().getTime() })) return true;
      }
    },
    addCheckpoint,
    async findLast(origin) {
      const log = await logs.find(origin);
      return log?.isGenuine && log.note !== null && log.cosignature !== null ? `${log.note}${log.cosignature}` : undefined; // prettier-ignore
    },
  };
}

function refuseChanged({ isGenuine, origin }: WitnessedLog): void {
  if (!isGenuine) throw new WitnessStateError(`the state of ${origin} was changed in the database`);
}

function continues({ oldSize, proof, checkpoint }: AddCheckpoint, log: WitnessedLog): boolean {
  const { size, root } = checkpoint;
  if (oldSize === 0) return proof.length === 0 && (size > 0 || root.equals(EMPTY_ROOT));
  return verifyConsistency({ oldSize, newSize: size, oldRoot: Buffer.from(log.root, 'hex'), newRoot: root, proof });
}
