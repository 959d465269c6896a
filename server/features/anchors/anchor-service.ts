import { v7 as uuidv7 } from 'uuid';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { OwnEvents } from '../capture/own-events-service';
import type { CheckpointService } from '../tree/checkpoint-service';
import type { Anchor, Copy } from './anchor';
import { isFor, type AnchorSender, type SendResult } from './anchor-sender';
import type { AnchorStore } from './anchor-store';
import type { CheckpointKeeper } from './checkpoint-keeper';
import type { CopyStore } from './copy-store';
import { createCheckpointFile } from './destinations/file';
import { WEBHOOK_SECRET_BYTES, webhookKeys } from './destinations/webhook';
import type { HeldCheckpoint, HeldCopies } from './held-copies';
import { checkRequest, type AnchorRequest } from './new-anchor';

/** How an anchor of a ledger does. Times are milliseconds since 1970. */
export interface AnchorStatus {
  readonly anchor: Anchor;
  readonly ledger: string;
  /** The newest copy that is there. */
  readonly taken: Copy | undefined;
  /** The one on its way. */
  readonly waiting: Copy | undefined;
  /** The newest one, when the receiver refused it as another history. */
  readonly refused: Copy | undefined;
  /** Entries behind the newest copy, where the newest checkpoint is later. */
  readonly behind: number;
}

/** How many of the witnesses of a ledger have signed its newest checkpoint. */
export interface Quorum {
  readonly witnesses: number;
  readonly signed: number;
  readonly size: number;
}

export interface AddedAnchor {
  readonly anchor: Anchor;
  /** Of a webhook, shown this once: `whsec_...`. */
  readonly secret: string | null;
  /** A file that lies on the disk of the data folder protects from little. */
  readonly isOnSameDisk: boolean;
}

/** Takes checkpoints out of our reach, and reads them back. */
export interface AnchorService {
  /** Throws AnchorRequestError, or what the file system says of a file. */
  add(request: AnchorRequest): Promise<AddedAnchor>;
  list(): Promise<Anchor[]>;
  /** The anchor that was there; its copies outside stay. */
  remove(id: string): Promise<Anchor | undefined>;
  /** Brings the newest checkpoint of a ledger everywhere now. */
  sendNow(ledger: Ledger): Promise<SendResult[]>;
  status(ledger: Ledger): Promise<AnchorStatus[]>;
  quorum(ledger: Ledger): Promise<Quorum | undefined>;
  /** Copies of an anchor that are done with, newest first. */
  copies(id: string, ledger: Ledger, limit: number): Promise<Copy[]>;
  /** Reads now what is held outside, with what is wrong there. Asks the network: seconds when somebody does not answer. */
  readCopies(ledger: Ledger): Promise<HeldCopies>;
  /** The genuine ones of `readCopies`. */
  heldCheckpoints(ledger: Ledger): Promise<readonly HeldCheckpoint[]>;
  readonly keeper: CheckpointKeeper;
  start(): void;
  /** Sends what is due now. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

export type { Anchor, Copy } from './anchor';
export type { HeldCheckpoint, HeldCopies };

interface ServiceDeps {
  readonly anchors: AnchorStore;
  readonly copies: CopyStore;
  readonly checkpoints: CheckpointService;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly ownEvents: OwnEvents;
  readonly sender: AnchorSender;
  readonly keeper: CheckpointKeeper;
  readonly readHeld: (ledger: Ledger) => Promise<HeldCopies>;
  readonly defaultTenant: string;
  readonly dataDir: string;
  readonly randomBytes: (count: number) => Buffer;
  readonly now: () => Date;
}

export function createAnchorService(deps: ServiceDeps): AnchorService {
  const { anchors, copies, checkpoints, keyRing, ownEvents, sender, now } = deps;

  async function status(ledger: Ledger): Promise<AnchorStatus[]> {
    const newest = await checkpoints.latest(ledger);
    const found = (await anchors.list()).filter((anchor) => isFor(anchor, ledger));
    return Promise.all(
      found.map(async (anchor) => {
        const done = await copies.listDone(anchor.id, ledger.id, 100);
        const taken = done.find(({ state }) => state === 'taken');
        const isBehind = newest !== undefined && (taken?.origin !== newest.origin || taken.size < newest.size);
        return {
          anchor,
          ledger: ledger.name,
          taken,
          waiting: await copies.findWaiting(anchor.id, ledger.id),
          refused: done[0]?.state === 'refused' ? done[0] : undefined,
          behind: isBehind ? newest.size - (taken?.origin === newest.origin ? taken.size : 0) : 0,
        };
      }),
    );
  }

  async function recordChange(anchor: Anchor, change: 'added' | 'removed'): Promise<void> {
    const ledger = (await deps.store.listLedgers()).find(({ id }) => id === anchor.ledgerId);
    await ownEvents.record(ledger?.tenant.slug ?? deps.defaultTenant, {
      action: 'audit.destination_changed',
      targetId: anchor.id,
      targetLabel: anchor.name,
      payload: { anchor: change, kind: anchor.kind, target: anchor.target, ledger: ledger?.name ?? null },
      via: 'cli',
    });
  }

  return {
    async add(request) {
      const checked = checkRequest(request);
      const id = uuidv7();
      const secret = request.kind === 'webhook' ? deps.randomBytes(WEBHOOK_SECRET_BYTES) : undefined;
      const keys = secret && webhookKeys(secret);
      const file = request.kind === 'file' ? await createCheckpointFile(checked.target, deps.dataDir) : undefined;
      await anchors.add({
        ...checked,
        id,
        ledgerId: request.ledger?.id ?? null,
        kind: request.kind,
        settings: { ...checked.settings, ...(keys ? { publicKey: keys.publicKey } : {}) },
        wrappedSecret: secret ? keyRing.wrapSecret(secret, id) : null,
        createdAt: now().getTime(),
      });
      const anchor = await anchors.find(id);
      if (!anchor) throw new Error(`the anchor ${id} is gone again`);
      await recordChange(anchor, 'added');
      return { anchor, secret: keys?.secret ?? null, isOnSameDisk: file?.isOnSameDisk ?? false };
    },
    list: () => anchors.list(),
    async remove(id) {
      const anchor = await anchors.find(id);
      if (!anchor) return undefined;
      // First of all: an anchor that is gone without an entry is what `verify` calls a break.
      await recordChange(anchor, 'removed');
      return (await anchors.remove(id, now().getTime())) ? anchor : undefined;
    },
    sendNow: (ledger) => sender.sendNow(ledger),
    status,
    async quorum(ledger) {
      const newest = await checkpoints.latest(ledger);
      const witnesses = (await status(ledger)).filter(({ anchor }) => anchor.kind === 'witness');
      if (!newest || witnesses.length === 0) return undefined;
      const signed = witnesses.filter(({ taken }) => taken?.origin === newest.origin && taken.size === newest.size);
      return { witnesses: witnesses.length, signed: signed.length, size: newest.size };
    },
    copies: (id, ledger, limit) => copies.listDone(id, ledger.id, limit),
    readCopies: (ledger) => deps.readHeld(ledger),
    heldCheckpoints: async (ledger) => (await deps.readHeld(ledger)).held,
    keeper: deps.keeper,
    start() {
      checkpoints.onSigned(() => sender.wake());
      sender.start();
    },
    run: () => sender.run(),
    stop: () => sender.stop(),
  };
}
