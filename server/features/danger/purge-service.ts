import { v7 as uuidv7 } from 'uuid';
import type { Actor, Via } from '../../core/event';
import { codePhrase, decisionToJson, isPhrase, isSamePerson, PURGED, purgeRequests, PURGE_REQUESTED, UNINSTALLED, wishToJson, type PurgeKind, type PurgePerson, type PurgeRequest } from '../../core/purge-request'; // prettier-ignore
import { SEGMENT } from '../../core/prune-certificate';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { LedgerFacts } from '../../entries/ledger-facts';
import type { PruneService, PurgeOrder } from '../retention/prune-service';
import { RetentionMismatchError } from '../retention/retention-service';
import type { PurgePeople } from './purge-people';

/** Why a purge is refused; the page has a text for each. */
export const PURGE_REFUSALS = [
  'nothing', 'until', 'held', 'open', 'phrase', 'gone', 'framed', 'delay', 'second', 'stale', 'count', 'broken', 'tampered',
] as const; // prettier-ignore
export type PurgeRefusal = (typeof PURGE_REFUSALS)[number];

/** Those that end by themselves, or that a person can do something about. */
export type PurgeObstacle = Extract<PurgeRefusal, 'framed' | 'delay' | 'second' | 'stale'>;

export class PurgeRefusedError extends Error {
  override name = 'PurgeRefusedError';
  readonly reason: PurgeRefusal;
  constructor(reason: PurgeRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What a purge would take now. */
export interface PurgePlan {
  /** Entries that go. */
  readonly entries: number;
  /** The last entry that may go. */
  readonly through: number;
  /** Milliseconds; null where nothing goes. */
  readonly firstReceivedAt: number | null;
  readonly lastReceivedAt: number | null;
  /** Holds that keep some of it, and so all of it. */
  readonly held: readonly string[];
  /** Segments in which entries are missing: they stay as evidence. */
  readonly incomplete: number;
}

/** Who asks, confirms or cancels. The operator at the command line waits for nobody: they could take the disk out as well. */
export interface PurgeAsker extends PurgePerson {
  readonly actor?: Actor;
  readonly via: Via;
  /** When the session began (ms); null inside the billing system, where nobody signs in here. */
  readonly signedInAt: number | null;
}

/** What a person would have to go through who asks now. */
export interface PurgeTerms {
  readonly delayMs: number;
  /** Who could confirm; empty: the one who asks, after a longer delay. */
  readonly others: readonly PurgePerson[];
}

export interface PurgeWishes {
  readonly kind: PurgeKind;
  readonly until: number | null;
  readonly keepsArchive: boolean;
  readonly phrase: string;
  /** The phrase in the language of who types it. */
  readonly phrases?: readonly string[];
}

/**
 * Asks for a purge and decides on it. Every request and decision is an entry; what holds is read back from there, so that
 * nobody who can only write the database brings a purge about, shortens its delay or stands in for a second person.
 */
export interface PurgeService {
  plan(ledger: Ledger, until: number | null): Promise<PurgePlan>;
  terms(ledger: Ledger, asker: PurgePerson): Promise<PurgeTerms>;
  /** What keeps somebody from confirming a request now; nothing where they may. */
  obstacles(ledger: Ledger, request: PurgeRequest, asker: PurgeAsker): Promise<PurgeObstacle[]>;
  /** Throws PurgeRefusedError. */
  ask(ledger: Ledger, wishes: PurgeWishes, asker: PurgeAsker): Promise<PurgeRequest>;
  /** `seen`: the number of entries that was confirmed. Throws PurgeRefusedError. */
  confirm(ledger: Ledger, id: string, seen: number, asker: PurgeAsker): Promise<PurgeRequest>;
  cancel(ledger: Ledger, id: string, asker: PurgeAsker): Promise<void>;
  /** Newest first. Throws PurgeRefusedError (`tampered`) when an entry about a purge does not fit its seal. */
  list(ledger: Ledger): Promise<PurgeRequest[]>;
  /** The one that waits or is on its way. */
  findOpen(ledger: Ledger): Promise<PurgeRequest | undefined>;
}

interface PurgeDeps {
  readonly facts: LedgerFacts;
  readonly people: PurgePeople;
  readonly pruner: Pick<PruneService, 'preview'>;
  readonly store: Pick<EntryStore, 'findHead'>;
  /** Runs `work` while nobody else asks, and nobody places a hold. */
  readonly exclusively: <T>(ledger: Ledger, work: () => Promise<T>) => Promise<T>;
  /** What is broken from an entry on; null where nothing is. */
  readonly findBreak: (ledger: Ledger, fromSeq: number) => Promise<string | null>;
  /** How long a request waits; three times as long for one who is alone. */
  readonly delayMs: number;
  /** Told when something about a purge happened; does not throw. */
  readonly tell: (ledger: Ledger, request: PurgeRequest) => Promise<void>;
  readonly now: () => Date;
}

/** Shorter nobody waits but the operator at the command line. */
export const MIN_DELAY_MS = 10 * 60_000;
export const DEFAULT_DELAY_MS = 24 * 3_600_000;
/** One who is alone waits so many times as long. */
const ALONE = 3;
/** How fresh a sign-in is that confirms. */
export const FRESH_MS = 10 * 60_000;
const OBSTACLES: Readonly<Record<PurgeObstacle, string>> = {
  framed: 'a purge is confirmed behind a sign-in link, not inside the billing system',
  delay: 'its delay is not over',
  second: 'somebody else than the one who asked has to confirm it',
  stale: 'sign in by a new link first, then confirm within 10 minutes',
};
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export function createPurgeService(deps: PurgeDeps): PurgeService {
  const { facts, people, pruner, now } = deps;

  async function list(ledger: Ledger): Promise<PurgeRequest[]> {
    const found = await facts.read(ledger, [PURGE_REQUESTED, PURGED, UNINSTALLED]);
    // A bridge tells of its own end by the same name, and that is no entry of ours.
    const own = found.filter((fact) => fact.isSound || fact.action !== UNINSTALLED);
    const unsound = own.find((fact) => !fact.isSound);
    if (unsound)
      throw new PurgeRefusedError('tampered', `entry ${unsound.seq}, which is about a purge, does not fit its seal: run verify`); // prettier-ignore
    return purgeRequests(own).reverse();
  }

  async function findOpen(ledger: Ledger): Promise<PurgeRequest | undefined> {
    return (await list(ledger)).find(({ state }) => state === 'waiting' || state === 'confirmed');
  }

  async function find(ledger: Ledger, id: string): Promise<PurgeRequest | undefined> {
    return (await list(ledger)).find((one) => one.id === id);
  }

  async function planFor(ledger: Ledger, order: PurgeOrder): Promise<PurgePlan> {
    try {
      const { plan } = await pruner.preview(ledger, { purge: order });
      const ranges = plan?.ranges ?? [];
      return {
        entries: ranges.reduce((sum, range) => sum + range.entries, 0),
        through: order.through,
        firstReceivedAt: ranges.length === 0 ? null : Math.min(...ranges.map((range) => range.firstReceivedAt)),
        lastReceivedAt: ranges.length === 0 ? null : Math.max(...ranges.map((range) => range.lastReceivedAt)),
        held: (plan?.held ?? []).map(({ hold }) => hold),
        incomplete: plan?.incomplete ?? 0,
      };
    } catch (error) {
      throw error instanceof RetentionMismatchError ? new PurgeRefusedError('tampered', error.message) : error;
    }
  }

  async function plan(ledger: Ledger, until: number | null): Promise<PurgePlan> {
    const head = (await deps.store.findHead(ledger))?.seq ?? 0;
    // The newest segment stays: what the ledger goes on from.
    const through = Math.max(0, Math.floor((head - 1) / SEGMENT) * SEGMENT);
    return planFor(ledger, { id: '', through, limit: until ?? NO_LIMIT });
  }

  async function terms(ledger: Ledger, asker: PurgePerson): Promise<PurgeTerms> {
    const others = await people.others(ledger, asker);
    const delayMs = Math.max(deps.delayMs, MIN_DELAY_MS);
    return { others, delayMs: others.length === 0 ? ALONE * delayMs : delayMs };
  }

  function refuseHeld({ held }: PurgePlan): void {
    if (held.length > 0) throw new PurgeRefusedError('held', `a legal hold keeps entries that would go: ${held.join(', ')}`); // prettier-ignore
  }

  async function record(ledger: Ledger, id: string, asker: PurgeAsker, payload: ReturnType<typeof wishToJson>) {
    const { actor, via } = asker;
    await facts.record(ledger, { id, action: PURGE_REQUESTED, ...(actor === undefined ? {} : { actor }), targetId: ledger.name, payload, via }); // prettier-ignore
  }

  async function told(ledger: Ledger, id: string): Promise<PurgeRequest> {
    const request = await find(ledger, id);
    if (!request) throw new Error(`the request ${id} was not recorded`);
    await deps.tell(ledger, request);
    return request;
  }

  /** All that one who confirms on a page still has to wait for or to do, in the order in which they can. */
  async function obstacles(ledger: Ledger, request: PurgeRequest, asker: PurgeAsker): Promise<PurgeObstacle[]> {
    const { signedInAt } = asker;
    const at = now().getTime();
    const needsSecond = request.needsSecond || (await people.others(ledger, request.requestedBy)).length > 0;
    const signIn = await people.lastSignIn(ledger, asker, request.seq);
    // The session, which lies in a table, and the chain have to agree. A time that cannot be read is never over.
    const isFresh = signedInAt !== null && signIn !== undefined && at - signIn <= FRESH_MS && at - signedInAt <= FRESH_MS && signedInAt > request.requestedAt; // prettier-ignore
    const checks: readonly (readonly [PurgeObstacle, boolean])[] = [
      ['framed', signedInAt !== null],
      ['delay', at >= readyAt(request)],
      ['second', !needsSecond || !isSamePerson(asker, request.requestedBy)],
      ['stale', isFresh],
    ];
    return checks.flatMap(([obstacle, isOver]) => (isOver ? [] : [obstacle]));
  }

  async function ask(ledger: Ledger, wishes: PurgeWishes, asker: PurgeAsker): Promise<PurgeRequest> {
    if (await findOpen(ledger))
      throw new PurgeRefusedError('open', 'another purge of this ledger is asked for already');
    const isOperator = asker.via === 'cli';
    const { kind, until, keepsArchive } = wishes;
    if (until !== null && !(until <= now().getTime())) throw new PurgeRefusedError('until', 'the day has to be in the past'); // prettier-ignore
    const planned = await plan(ledger, until);
    refuseHeld(planned);
    if (planned.entries === 0 && kind === 'purge') throw new PurgeRefusedError('nothing', 'there is nothing that a purge could take'); // prettier-ignore
    if (!isPhrase(wishes.phrase, [codePhrase(kind, planned.entries), ...(wishes.phrases ?? [])]))
      throw new PurgeRefusedError('phrase', `the phrase is: ${codePhrase(kind, planned.entries)}`);
    const { others, delayMs } = isOperator ? { others: [], delayMs: 0 } : await terms(ledger, asker);
    const id = uuidv7();
    const { entries, through } = planned;
    await record(ledger, id, asker, wishToJson({ request: id, ledger: ledger.name, kind, by: asker.name, via: asker.via, until, through, entries, delayMs, needsSecond: others.length > 0, keepsArchive })); // prettier-ignore
    return told(ledger, id);
  }

  return {
    plan,
    terms,
    obstacles,
    list,
    findOpen,

    ask: (ledger, wishes, asker) => deps.exclusively(ledger, () => ask(ledger, wishes, asker)),

    async confirm(ledger, id, seen, asker) {
      const request = await find(ledger, id);
      if (request?.state !== 'waiting') throw new PurgeRefusedError('gone', 'there is no such request that waits');
      const isOperator = asker.via === 'cli' && request.via === 'cli';
      const [obstacle] = isOperator ? [] : await obstacles(ledger, request, asker);
      if (obstacle) throw new PurgeRefusedError(obstacle, OBSTACLES[obstacle]);
      const planned = await planFor(ledger, orderOf(request));
      refuseHeld(planned);
      if (planned.entries !== request.entries || seen !== request.entries)
        throw new PurgeRefusedError('count', `${planned.entries} entries would go, ${request.entries} were asked for`);
      // A cancellation that somebody took out of the database leaves a gap.
      const fault = await deps.findBreak(ledger, request.seq);
      if (fault !== null) throw new PurgeRefusedError('broken', `the ledger is broken: ${fault}`);
      await record(ledger, uuidv7(), asker, decisionToJson(id, ledger.name, 'confirmed', asker.name));
      return told(ledger, id);
    },

    async cancel(ledger, id, asker) {
      if ((await find(ledger, id))?.state !== 'waiting') throw new PurgeRefusedError('gone', 'there is no such request that waits'); // prettier-ignore
      await record(ledger, uuidv7(), asker, decisionToJson(id, ledger.name, 'cancelled', asker.name));
      await told(ledger, id);
    },
  };
}

/** From when on it may be confirmed (ms). One that the operator asked for and never confirmed waits like any other. */
export function readyAt({ requestedAt, delayMs, via }: PurgeRequest): number {
  return requestedAt + (via === 'cli' ? Math.max(delayMs, DEFAULT_DELAY_MS) : Math.max(delayMs, MIN_DELAY_MS));
}

/** What the prune is told. */
export function orderOf({ id, through, until }: PurgeRequest): PurgeOrder {
  return { id, through, limit: until ?? NO_LIMIT };
}
