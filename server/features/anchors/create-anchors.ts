import type { RowMac } from '../../core/row-mac';
import type { Database } from '../../db/connection';
import type { EntryStore } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import { createLeaseStore } from '../../entries/lease-store';
import type { SendOutbound } from '../../http/outbound-request';
import type { MailTransport } from '../../mail/transport';
import type { OwnEvents } from '../capture/own-events-service';
import type { CheckpointService } from '../tree/checkpoint-service';
import type { TreeService } from '../tree/tree-service';
import { createAnchorEvents } from './anchor-events';
import { createAnchorSender } from './anchor-sender';
import { createAnchorService, type AnchorService } from './anchor-service';
import { createAnchorStore } from './anchor-store';
import { createCheckpointKeeper } from './checkpoint-keeper';
import { createCopyStore } from './copy-store';
import { createFileSend } from './destinations/file';
import { createMailSend } from './destinations/mail';
import { createTimeStampSend } from './destinations/tsa';
import { createWebhookSend } from './destinations/webhook';
import { createWitnessSend } from './destinations/witness';
import { readHeldCopies } from './held-copies';
import { createReportStore } from './report-store';

export interface AnchorDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
  /** Of the rows of anchors; derived from the master key. */
  readonly rowMac: RowMac;
  readonly store: EntryStore;
  readonly checkpoints: CheckpointService;
  readonly tree: TreeService;
  readonly ownEvents: OwnEvents;
  readonly outbound: SendOutbound;
  readonly transport: () => MailTransport;
  readonly defaultTenant: string;
  readonly dataDir: string;
  readonly randomBytes: (count: number) => Buffer;
  readonly random: () => number;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

/** The parts of the feature, joined. */
export function createAnchors(deps: AnchorDeps): AnchorService {
  const { database, keyRing, rowMac, checkpoints, tree, store, outbound, now } = deps;
  const anchors = createAnchorStore(database, rowMac);
  const copies = createCopyStore(database, rowMac);
  const reports = createReportStore(database, rowMac);
  const events = createAnchorEvents(deps.ownEvents);

  async function ledgerOf(name: string) {
    const ledger = await store.findLedger(name);
    if (!ledger) throw new Error(`there is no ledger ${name}`);
    return ledger;
  }

  const sends = {
    file: createFileSend(),
    mail: createMailSend({ transport: deps.transport }),
    webhook: createWebhookSend({ outbound, now }),
    tsa: createTimeStampSend({ outbound, randomBytes: deps.randomBytes, now }),
    witness: createWitnessSend({
      outbound,
      now,
      async findSignedSize(anchor, { ledger, origin }) {
        const done = await copies.listDone(anchor.id, (await ledgerOf(ledger)).id, 100);
        return Math.max(0, ...done.filter((one) => one.state === 'taken' && one.origin === origin).map(({ size }) => size)); // prettier-ignore
      },
      consistencyProof: async (ledger, oldSize, newSize) =>
        tree.consistencyProof(await ledgerOf(ledger), oldSize, newSize),
      vkeys: async (ledger) => checkpoints.vkeys(await ledgerOf(ledger)),
    }),
  };
  const sender = createAnchorSender({
    anchors,
    copies,
    checkpoints,
    store,
    leases: createLeaseStore(database, now),
    events,
    sends,
    async findSecret({ id }) {
      const wrapped = await anchors.findWrappedSecret(id);
      return wrapped === null ? undefined : keyRing.unwrapSecret(wrapped, id);
    },
    now,
    random: deps.random,
    onError: deps.onError,
  });
  return createAnchorService({
    anchors,
    copies,
    checkpoints,
    store,
    keyRing,
    ownEvents: deps.ownEvents,
    sender,
    keeper: createCheckpointKeeper({ anchors, copies, reports, checkpoints, tree, sender, events, now }),
    readHeld: (ledger) => readHeldCopies({ anchors, copies, reports, checkpoints, outbound }, ledger),
    defaultTenant: deps.defaultTenant,
    dataDir: deps.dataDir,
    randomBytes: deps.randomBytes,
    now,
  });
}
