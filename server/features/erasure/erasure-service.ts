import { v7 as uuidv7 } from 'uuid';
import { coverOf, createErasureCover, ERASURE_ACTION, scopePayload, type AppliedErasure, type ErasureBasis } from '../../core/erasure-cover'; // prettier-ignore
import { createErasurePlanner, splitScope, type ErasurePlan } from '../../core/erasure-plan';
import type { AuditEvent } from '../../core/event';
import { ownEvent, type OwnEvent } from '../../core/own-event';
import type { Database } from '../../db/connection';
import type { Appender } from '../../entries/appender';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { EntryRow } from '../../entries/entry-row';
import type { ErasureReader } from '../../entries/erasure-reader';
import { sealOwnParts } from '../../entries/seal-own-event';
import type { SearchIndexer } from '../browse/search-index-service';
import { listCopies, type CopyPlace } from './copies';
import { eraseBatch } from './erase-values';
import { createErasureStore } from './erasure-store';
import { createSubjectEntries } from './subject-entries';

export type { CopyPlace } from './copies';

export interface ErasureRequest {
  /** The data subject as records name it: `client:5`, `admin:7`, `user:3`. */
  readonly ref: string;
  readonly basis: ErasureBasis;
  /** Why, in words; it stands in the chain for ever. */
  readonly ground: string;
  /** Of a plan: entries behind that one are not touched. What there is when it begins, without it. */
  readonly through?: number | undefined;
  /** Who asks the program to, and from where. */
  readonly by?: Pick<OwnEvent, 'actor' | 'ip' | 'userAgent' | 'via'>;
}

export interface PlannedErasure extends ErasurePlan {
  /** Entries among them that a legal hold keeps. */
  readonly held: number;
  /** The newest entry that was looked at. */
  readonly through: number;
}

export interface ErasureOutcome {
  readonly plan: PlannedErasure;
  /** Numbers of the entries that tell of it; none where there was nothing to erase. */
  readonly entries: readonly number[];
  /** Entries whose values went on each side; fewer than planned where some were changed in between. */
  readonly erased: { readonly actor: number; readonly subject: number };
  /** Earlier erasures of the same data subject that had been interrupted and are carried out now. */
  readonly finished: number;
}

/**
 * Erases what a data subject may ask to have erased, and says so in the chain: first the entry that tells what goes is committed,
 * then the values go in small transactions, so that nothing is ever gone without an explanation and nobody waits. What arrives
 * while it runs is not covered.
 */
export interface ErasureService {
  /** What `erase` would do. Reads only. */
  plan(ledger: Ledger, ref: string, through?: number): Promise<PlannedErasure>;
  /**
   * Throws SubjectHeldError where a legal hold keeps an entry whose values would go. Finishes erasures of the same data subject that
   * were interrupted; what a hold was placed on since then stays.
   */
  erase(ledger: Ledger, request: ErasureRequest): Promise<ErasureOutcome>;
  /** Finishes what was interrupted, by whatever; gives how many there were. */
  resume(signal?: AbortSignal): Promise<number>;
  /** `resume` in the background. */
  start(): void;
  stop(): Promise<void>;
  /** Where erased values may still lie. */
  listCopies(ledger: Ledger): Promise<CopyPlace[]>;
}

interface ErasureDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly appender: Appender;
  readonly erasures: ErasureReader;
  readonly indexer: Pick<SearchIndexer, 'hold'>;
  readonly now: () => Date;
  /** Tells which entries of a ledger a legal hold keeps, as of now. */
  readonly holdsOf: (ledger: Ledger) => Promise<(entry: EntryRow) => boolean>;
  readonly onError: (error: unknown) => void;
}

export class SubjectHeldError extends Error {
  override name = 'SubjectHeldError';
}

const CHUNK = 500;
/** Of one entry: some thirty kilobytes. Nearly always an erasure has one range or two. */
const MAX_RANGES = 2_000;
const YIELD_MS = 20;
const MAX_WAIT_MS = 1_000;

export function createErasureService(deps: ErasureDeps): ErasureService {
  const { database, store, appender, now } = deps;
  const runs = createErasureStore(database);
  const entries = createSubjectEntries(database, store);
  const { holdsOf } = deps;
  const stopping = new AbortController();
  let working: Promise<unknown> | undefined;

  async function plan(ledger: Ledger, ref: string, upTo = Infinity): Promise<PlannedErasure> {
    const through = Math.min((await store.findHead(ledger))?.seq ?? 0, upTo);
    const planner = createErasurePlanner(ref, createErasureCover(coverOf(await deps.erasures.readAll(ledger))));
    const isHeld = await holdsOf(ledger);
    let held = 0;
    for (let after = 0; ;) {
      const rows = await entries.read(ledger, { ref, after, through, limit: CHUNK });
      const going = rows.filter((row) => planner.add(row).length > 0);
      held += going.filter(isHeld).length;
      for (const part of await entries.readParts(ledger, going)) planner.addPart(part);
      const last = rows.at(-1);
      if (!last || rows.length < CHUNK) return { ...planner.finish(), held, through };
      after = last.seq;
    }
  }

  /** Commits the entries that tell of it: all of them, or none. Gives their numbers. */
  async function announce(
    ledger: Ledger,
    request: ErasureRequest,
    id: string,
    planned: ErasurePlan,
  ): Promise<number[]> {
    const pieces = splitScope(planned.scope, MAX_RANGES);
    const [type, subject] = splitRef(request.ref);
    const [first, ...others] = pieces.map((scope, at): AuditEvent => {
      const payload = {
        ...scopePayload(scope),
        basis: request.basis,
        ground: request.ground,
        actor_entries: planned.sides.actor,
        subject_entries: planned.sides.subject,
        altered_entries: planned.altered,
        piece: at + 1,
        pieces: pieces.length,
      };
      const target = { targetType: type, targetId: subject, client: type === 'client' ? subject : null };
      return ownEvent({ ...request.by, ...target, id, action: ERASURE_ACTION, at: now().toISOString(), payload });
    });
    if (!first) return [];
    const [result] = await appender.append(ledger, [sealOwnParts([first, ...others], ledger)], []);
    return (result?.receipts ?? []).map(({ seq }) => seq);
  }

  /** Takes what the entries of one erasure cover, from where it got to before. */
  async function takeAll(ledger: Ledger, told: readonly [AppliedErasure, ...AppliedErasure[]], signal?: AbortSignal) {
    const [{ id, ref, seq }] = told;
    await runs.begin(ledger, { id, ref, entrySeq: seq, at: now().getTime() });
    const batch = {
      id,
      ref,
      ledger,
      cover: createErasureCover(coverOf(told)),
      through: Math.max(...told.map(lastSeqOf)),
      isHeld: await holdsOf(ledger),
    };
    while (await eraseBatch({ database, store: runs, entries, indexer: deps.indexer }, batch)) {
      if (signal?.aborted) return;
      await untilQuiet();
    }
    await runs.finish(ledger, id, now().getTime());
    // The log still holds the pages as they were.
    if (database.dialect.name === 'sqlite') await database.knex.raw('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Erasures that the chain tells of and that were not carried out to their end. One that cannot be checked is none. */
  async function listPending(ledger: Ledger): Promise<[AppliedErasure, ...AppliedErasure[]][]> {
    const finished = await runs.listFinished(ledger);
    const pending = new Map<string, [AppliedErasure, ...AppliedErasure[]]>();
    for (const one of await deps.erasures.readAll(ledger)) {
      if (!one.isProven || finished.has(one.id)) continue;
      const others = pending.get(one.id);
      if (others) others.push(one);
      else pending.set(one.id, [one]);
    }
    return [...pending.values()];
  }

  async function finishPending(ledger: Ledger, isWanted: (ref: string) => boolean, signal?: AbortSignal) {
    let finished = 0;
    for (const told of await listPending(ledger)) {
      if (signal?.aborted) break;
      if (!isWanted(told[0].ref)) continue;
      await takeAll(ledger, told, signal);
      finished += 1;
    }
    return finished;
  }

  /** New events come first; but a stream of them that never ends must not keep an erasure waiting for ever. */
  async function untilQuiet(): Promise<void> {
    const latest = Date.now() + MAX_WAIT_MS;
    do await new Promise((resolve) => setTimeout(resolve, appender.waiting > 0 ? YIELD_MS : 0));
    while (appender.waiting > 0 && Date.now() < latest);
  }

  async function resume(signal?: AbortSignal): Promise<number> {
    let finished = 0;
    for (const ledger of await store.listLedgers()) finished += await finishPending(ledger, () => true, signal);
    return finished;
  }

  return {
    plan,
    listCopies: (ledger) => listCopies(database, ledger),

    async erase(ledger, request) {
      const { ref, through } = request;
      const finished = await finishPending(ledger, (one) => one === ref);
      const planned = await plan(ledger, ref, through);
      if (planned.held > 0)
        throw new SubjectHeldError(
          `A legal hold keeps ${planned.held} of the entries whose values of ${ref} would go. Release it first.`,
        );
      const id = uuidv7();
      const seqs = await announce(ledger, request, id, planned);
      // Through the chain, like whoever goes on after an interruption.
      await finishPending(ledger, (one) => one === ref);
      const run = await runs.find(ledger, id);
      return {
        plan: planned,
        entries: seqs,
        erased: { actor: run?.actorEntries ?? 0, subject: run?.subjectEntries ?? 0 },
        finished,
      };
    },

    resume,

    start() {
      working ??= resume(stopping.signal).catch(deps.onError);
    },

    async stop() {
      stopping.abort();
      await working;
    },
  };
}

function splitRef(ref: string): [type: string, id: string] {
  const colon = ref.indexOf(':');
  return [ref.slice(0, colon), ref.slice(colon + 1)];
}

function lastSeqOf({ actor, subject }: AppliedErasure): number {
  const ends = [actor.erased, actor.altered, subject.erased, subject.altered].map((list) => list.at(-1)?.[1] ?? 0);
  return Math.max(...ends);
}
