import type { Logger } from 'pino';
import type { RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import type { OwnEvents } from '../capture/own-events-service';
import { createBridgeWatch, type BridgeWatch } from './bridge-watch-service';
import { createHeartbeatService, type HeartbeatDeps, type HeartbeatService } from './heartbeat-service';
import { createHeartbeatStore } from './heartbeat-store';
import { createSequenceConsumer } from './sequence-consumer';
import { createSequenceStore } from './sequence-store';

interface MonitorPartsDeps extends Omit<HeartbeatDeps, 'heartbeats' | 'onError'> {
  readonly database: Database;
  readonly rowMac: RowMac;
  readonly ownEvents: OwnEvents;
  readonly logger: Pick<Logger, 'warn'>;
}

/** What hears bridges and finds what does not come from them, joined. */
export interface MonitorParts {
  readonly heartbeats: HeartbeatService;
  readonly bridgeWatch: BridgeWatch;
  /** Takes the numbers of the newest entries down. */
  readonly catchUpSequences: () => Promise<void>;
  /** Names what somebody changed in the database of what is known of a bridge, besides its own row. */
  readonly listChanged: readonly ((bridgeId: string) => Promise<string[]>)[];
}

export function createMonitorParts(deps: MonitorPartsDeps): MonitorParts {
  const { database, store, rowMac, bridges, ownEvents, logger, now } = deps;
  const heartbeats = createHeartbeatStore(database, rowMac);
  const sequences = createSequenceStore({ database, rowMac, now });
  const consumer = createSequenceConsumer({ database, store, sequences, now });
  return {
    heartbeats: createHeartbeatService({
      senderCheck: deps.senderCheck,
      bridges,
      heartbeats,
      store,
      chainStatus: deps.chainStatus,
      keepCheckpoint: deps.keepCheckpoint,
      now,
      onError: (error) =>
        logger.warn({ err: error }, 'a bridge was handed no checkpoint; the next heartbeat brings it'),
    }),
    bridgeWatch: createBridgeWatch({
      database,
      bridges,
      heartbeats,
      sequences,
      consumer,
      ownEvents,
      now,
      onError: (error) => logger.warn({ err: error }, 'the bridges were not looked at; it is tried again'),
    }),
    catchUpSequences: () => consumer.catchUp(),
    listChanged: [(id) => heartbeats.listChanged(id), (id) => sequences.listChanged(database.knex, id)],
  };
}
