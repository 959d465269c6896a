import { setTimeout as pause } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { openCheckpoint } from '../../core/checkpoint';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { LeaseStore } from '../../entries/lease-store';
import type { CheckpointService, StoredCheckpoint } from '../tree/checkpoint-service';
import type { Anchor, AnchorKind, Copy, Outcome, Send } from './anchor';
import type { AnchorEvents } from './anchor-events';
import type { AnchorStore } from './anchor-store';
import { backOffMs } from './back-off';
import type { CopyStore } from './copy-store';

export interface SendResult {
  readonly anchor: Anchor;
  readonly ledger: string;
  readonly copy: Copy;
  /** `waiting` for one that a bridge fetches, or that another process is sending. */
  readonly outcome: Outcome | { readonly kind: 'waiting' };
}

/** Brings checkpoints to their anchors from the durable queue, beside everything else. */
export interface AnchorSender {
  /** There may be a new checkpoint. */
  wake(): void;
  start(): void;
  /** Sends what is due now. */
  run(): Promise<void>;
  /** Puts the newest checkpoint of a ledger into the queue of an anchor, unless it is known there. */
  enqueue(anchor: Anchor, ledger: Ledger): Promise<void>;
  /** Sends the newest checkpoint of a ledger to every anchor now, whatever it waits for, also to one that wanted no more. */
  sendNow(ledger: Ledger): Promise<SendResult[]>;
  stop(): Promise<void>;
}

interface SenderDeps {
  readonly anchors: AnchorStore;
  readonly copies: CopyStore;
  readonly checkpoints: CheckpointService;
  readonly store: EntryStore;
  readonly leases: LeaseStore;
  readonly events: AnchorEvents;
  readonly sends: Readonly<Record<Exclude<AnchorKind, 'bridge'>, Send>>;
  readonly findSecret: (anchor: Anchor) => Promise<Buffer | undefined>;
  readonly now: () => Date;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

const POLL_MS = 10_000;
const WAKE_MS = 50;
/** An attempt that has not ended by then failed. */
const ATTEMPT_MS = 120_000;
/** Prolonged while an attempt runs; what a process that is gone has left ends after this. */
const LEASE_MS = 30_000;
const PROLONG_MS = 10_000;
const TURN_POLL_MS = 200;
/** From this attempt in a row on it is an outage that is told. */
export const TOLD_FROM_ATTEMPT = 3;
/** Checkpoints that somebody waits for do not keep the pause between copies. */
const URGENT = new Set<StoredCheckpoint['reason']>(['prune', 'rotation', 'request']);

export function createAnchorSender(deps: SenderDeps): AnchorSender {
  const { anchors, copies, checkpoints, store, leases, events, now, onError } = deps;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let stopped = false;
  let isStarted = false;

  async function look(): Promise<void> {
    const [all, ledgers] = [await anchors.list(), await store.listLedgers()];
    // Each by itself: one that is slow holds nobody up.
    await Promise.all(
      all
        .filter((anchor) => anchor.isGenuine && anchor.haltedAt === null)
        .map(async (anchor) => {
          for (const ledger of ledgers.filter((one) => isFor(anchor, one))) {
            if (stopped) return;
            await serve(anchor, ledger).catch(onError);
          }
        }),
    );
  }

  async function serve(anchor: Anchor, ledger: Ledger): Promise<void> {
    await enqueue(anchor, ledger);
    if (anchor.kind !== 'bridge' && (await findDue(anchor, ledger)))
      await alone(anchor, ledger, (current) => attemptNext(current, ledger, () => findDue(current, ledger)));
  }

  async function findDue({ id }: Anchor, ledger: Ledger): Promise<Copy | undefined> {
    const copy = await copies.findWaiting(id, ledger.id);
    // That it was put off is not believed where the row was changed; what it says is looked at before it goes out.
    return copy && (!copy.isGenuine || copy.nextAt <= now().getTime()) ? copy : undefined;
  }

  async function enqueue(anchor: Anchor, ledger: Ledger): Promise<void> {
    const newest = await checkpoints.latest(ledger);
    if (!newest) return;
    const { origin, size, root, note, signedAt } = newest;
    if (await copies.find({ anchorId: anchor.id, ledgerId: ledger.id, origin, size })) return;
    const at = now().getTime();
    const older = await copies.findWaiting(anchor.id, ledger.id);
    const [last] = await copies.listDone(anchor.id, ledger.id, 1);
    const pauseEndsAt = URGENT.has(newest.reason) ? at : ((last?.isGenuine && last.doneAt) || 0) + anchor.everyMs;
    const isFailing = older?.isGenuine === true && older.attempts > 0;
    await copies.enqueue({
      anchorId: anchor.id,
      ledgerId: ledger.id,
      origin,
      size,
      root,
      note,
      signedAt,
      // A new checkpoint does not make a receiver that is away come back sooner.
      attempts: isFailing ? older.attempts : 0,
      nextAt: isFailing ? older.nextAt : Math.max(at, pauseEndsAt),
      createdAt: at,
    });
  }

  /**
   * One process at a time brings checkpoints of a ledger to an anchor: of two on their way at once the older one may come last, and
   * would be refused as another history. `isMine` is false while another process has its turn.
   */
  async function alone<T>(
    anchor: Anchor,
    ledger: Ledger,
    work: (current: Anchor) => Promise<T>,
  ): Promise<{ readonly isMine: false } | { readonly isMine: true; readonly result: T | undefined }> {
    const holder = uuidv7();
    const take = () => leases.take(ledger, `anchor ${anchor.id}`, holder, LEASE_MS);
    if (!(await take())) return { isMine: false };
    const timer = setInterval(() => void take().catch(onError), PROLONG_MS).unref();
    try {
      // Whoever had the turn before may have changed how the anchor does.
      const current = await anchors.find(anchor.id);
      return { isMine: true, result: current?.isGenuine ? await work(current) : undefined };
    } finally {
      clearInterval(timer);
      await leases.release(ledger, `anchor ${anchor.id}`, holder);
    }
  }

  async function attemptNext(
    anchor: Anchor,
    ledger: Ledger,
    find: () => Promise<Copy | undefined>,
  ): Promise<{ readonly copy: Copy; readonly outcome: Outcome } | undefined> {
    const copy = await find();
    if (!copy) return undefined;
    const [last] = await copies.listDone(anchor.id, ledger.id, 1);
    // Queued by a process that had read of it before another one brought a later one.
    if (last?.state === 'taken' && last.isGenuine && last.origin === copy.origin && last.size > copy.size) {
      await copies.withdraw(copy);
      return undefined;
    }
    return { copy, outcome: await attempt(anchor, ledger, copy) };
  }

  async function attempt(anchor: Anchor, ledger: Ledger, copy: Copy): Promise<Outcome> {
    const outcome = await send(anchor, ledger, copy);
    const at = now().getTime();
    const failingSince = anchor.failingSince ?? at;
    if (outcome.kind === 'failed') {
      const attempts = copy.attempts + 1;
      const wait = backOffMs(attempts, { random: deps.random(), askedMs: outcome.retryAfterMs });
      await copies.postpone(copy, { attempts, nextAt: at + wait });
      await anchors.setHealth(anchor.id, {
        haltedAt: outcome.isGone ? at : null,
        failingSince,
        lastError: outcome.detail,
      });
      if (attempts >= TOLD_FROM_ATTEMPT || outcome.isGone)
        await events.failed(anchor, ledger, { failingSince, detail: outcome.detail });
      return outcome;
    }
    // The entry first: told twice it is one entry, and what is settled is not looked at again.
    if (outcome.kind === 'taken') await events.taken(anchor, ledger, copy);
    else await events.refused(anchor, ledger, { ...copy, failingSince, detail: outcome.detail });
    const answer = outcome.kind === 'taken' ? outcome.answer : outcome.detail;
    await copies.settle(copy, { state: outcome.kind, doneAt: at, answer });
    await anchors.setHealth(anchor.id, {
      haltedAt: null,
      failingSince: outcome.kind === 'taken' ? null : failingSince,
      lastError: outcome.kind === 'taken' ? null : outcome.detail,
    });
    return outcome;
  }

  async function send(anchor: Anchor, ledger: Ledger, copy: Copy): Promise<Outcome> {
    if (anchor.kind === 'bridge') return { kind: 'failed', detail: 'a bridge fetches its copy by itself' };
    const fault = await faultOf(ledger, copy);
    if (fault !== undefined) return { kind: 'failed', detail: fault };
    const { origin, size, root, note, signedAt } = copy;
    const outgoing = { ledger: ledger.name, origin, size, root, note, signedAt };
    try {
      const secret = await deps.findSecret(anchor);
      return await inTime(deps.sends[anchor.kind](anchor, outgoing, secret));
    } catch (error) {
      return { kind: 'failed', detail: messageOf(error) };
    }
  }

  /** Nothing goes out under our name that we did not sign. */
  async function faultOf(ledger: Ledger, copy: Copy): Promise<string | undefined> {
    const opened = openCheckpoint(copy.note, await checkpoints.vkeys(ledger));
    const isSame =
      opened.ok &&
      opened.checkpoint.origin === copy.origin &&
      opened.checkpoint.size === copy.size &&
      opened.checkpoint.root.toString('hex') === copy.root;
    return isSame ? undefined : 'the checkpoint was changed in the database';
  }

  /** What another process is sending is waited for, as long as one that is gone may hold its turn; undefined when nothing is left to send. */
  async function sendInTurn(anchor: Anchor, ledger: Ledger) {
    for (let waited = 0; waited <= LEASE_MS; waited += TURN_POLL_MS) {
      const turn = await alone(anchor, ledger, (current) =>
        attemptNext(current, ledger, () => copies.findWaiting(anchor.id, ledger.id)),
      );
      if (turn.isMine) return turn.result;
      await pause(TURN_POLL_MS);
    }
    return undefined;
  }

  function schedule(ms: number): void {
    if (stopped || !isStarted) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      working = look()
        .catch(onError)
        .finally(() => {
          working = undefined;
          schedule(POLL_MS);
        });
    }, ms).unref();
  }

  return {
    wake() {
      if (working === undefined) schedule(WAKE_MS);
    },
    start() {
      isStarted = true;
      schedule(WAKE_MS);
    },
    async run() {
      await working;
      await look();
    },
    enqueue,
    async sendNow(ledger) {
      await working;
      const results: SendResult[] = [];
      for (const anchor of (await anchors.list()).filter((one) => one.isGenuine && isFor(one, ledger))) {
        await enqueue(anchor, ledger);
        const sent = anchor.kind === 'bridge' ? undefined : await sendInTurn(anchor, ledger);
        if (sent) results.push({ anchor, ledger: ledger.name, ...sent });
        else {
          const [done] = await copies.listDone(anchor.id, ledger.id, 1);
          const copy = (await copies.findWaiting(anchor.id, ledger.id)) ?? done;
          if (copy) results.push({ anchor, ledger: ledger.name, copy, outcome: settled(copy) });
        }
      }
      return results;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}

function settled(copy: Copy): SendResult['outcome'] {
  if (copy.state === 'taken') return { kind: 'taken', answer: copy.answer };
  return copy.state === 'refused' ? { kind: 'refused', detail: copy.answer ?? '' } : { kind: 'waiting' };
}

export function isFor(anchor: Pick<Anchor, 'ledgerId'>, ledger: Ledger): boolean {
  return anchor.ledgerId === null || anchor.ledgerId === ledger.id;
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no end within ${ATTEMPT_MS} ms`)), ATTEMPT_MS).unref();
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

function messageOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  // An error with several causes at once (IPv4 and IPv6 refused) has no message of its own.
  return (message === undefined || message === '' ? (code ?? String(error)) : message).split('\n')[0] ?? '';
}
