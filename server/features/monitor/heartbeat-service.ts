import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import type { ActiveBridge, BridgeService } from '../access/bridge-service';
import { orLater, type SenderCheck, type SignedDelivery } from '../capture/sender-check-service';
import { parseHeartbeat, type Heartbeat } from './heartbeat';
import type { HeartbeatStore } from './heartbeat-store';

export interface ChainStatus {
  readonly status: 'intact' | 'broken' | 'cannot_tell' | 'never_verified';
  /** When that was found; null where it never was. */
  readonly at: string | null;
}

export interface HeartbeatAnswer {
  readonly ok: true;
  readonly time: string;
  readonly ledger: string;
  readonly chain: ChainStatus;
  readonly size: number;
  /** The newest checkpoint, a whole signed note, for the billing database to keep. */
  readonly checkpoint: string | null;
}

/** Takes heartbeats: who lives, what waits there, and which numbers were given. */
export interface HeartbeatService {
  /** Throws KnownError for a refusal. */
  receive(signed: SignedDelivery): Promise<{ readonly bridge: ActiveBridge; readonly answer: HeartbeatAnswer }>;
}

export interface HeartbeatDeps {
  readonly senderCheck: SenderCheck;
  readonly bridges: BridgeService;
  readonly heartbeats: HeartbeatStore;
  readonly store: EntryStore;
  readonly chainStatus: (ledger: Ledger) => Promise<ChainStatus>;
  /** Told what a bridge holds of our checkpoints; gives the one that it shall keep now. */
  readonly keepCheckpoint: (
    bridge: ActiveBridge,
    held: NonNullable<Heartbeat['checkpoints']>,
  ) => Promise<string | null>;
  readonly onError: (error: unknown) => void;
  readonly now: () => Date;
}

export function createHeartbeatService(deps: HeartbeatDeps): HeartbeatService {
  const { senderCheck, bridges, heartbeats, store, chainStatus, keepCheckpoint, onError, now } = deps;
  return {
    async receive(signed) {
      const at = now();
      const { bridge, body } = await senderCheck.check(signed, at);
      const heartbeat = parseHeartbeat(body);
      if ('error' in heartbeat) throw new KnownError(heartbeat.error, heartbeat.detail);
      await orLater(heartbeats.put(bridge.id, heartbeat, at.getTime()), 'the database did not take the heartbeat');
      const { whmcs, bridge: bridgeVersion, timeZone, seqStep } = heartbeat.installation;
      bridges.noteSeen(bridge.id, { at: at.getTime(), lastSeq: null, whmcs, bridgeVersion, timeZone, seqStep });
      const [head, chain] = await orLater(
        Promise.all([store.findHead(bridge.ledger), chainStatus(bridge.ledger)]),
        'the database does not answer',
      );
      const checkpoint = await toKeep(bridge, heartbeat);
      const { name: ledger } = bridge.ledger;
      return { bridge, answer: { ok: true, time: at.toISOString(), ledger, chain, size: head?.seq ?? 0, checkpoint } };
    },
  };

  /** A heartbeat is answered whatever becomes of the checkpoint: the next one brings it. */
  async function toKeep(bridge: ActiveBridge, { checkpoints }: Heartbeat): Promise<string | null> {
    if (!checkpoints) return null;
    try {
      return await keepCheckpoint(bridge, checkpoints);
    } catch (error) {
      onError(error);
      return null;
    }
  }
}
