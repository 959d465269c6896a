import type { JsonObject } from './canonical-json';

/** `uninstall`: a purge, and the end of everything that sends to the ledger or may read it. */
export const PURGE_KINDS = ['purge', 'uninstall'] as const;
export type PurgeKind = (typeof PURGE_KINDS)[number];

/** Somebody as the chain names them: `admin:jane` in the record, and the name that they had. */
export interface PurgePerson {
  readonly ref: string;
  readonly name: string;
}

/** `waiting`: for its delay, then for somebody to confirm it. `confirmed`: on its way, and finished whatever happens. */
export type PurgeState = 'waiting' | 'confirmed' | 'cancelled' | 'done';

/** A wish to delete entries, put together from what the chain says of it. */
export interface PurgeRequest {
  readonly id: string;
  /** Of the entry that asks for it. */
  readonly seq: number;
  readonly kind: PurgeKind;
  /** Milliseconds, like the other times: when the entry was received. */
  readonly requestedAt: number;
  readonly requestedBy: PurgePerson;
  readonly via: string;
  /** Only what was received before it goes; null where everything goes. */
  readonly until: number | null;
  /** The last entry that may go. */
  readonly through: number;
  /** Entries that go. */
  readonly entries: number;
  readonly delayMs: number;
  /** Whether somebody else has to confirm it. */
  readonly needsSecond: boolean;
  readonly keepsArchive: boolean;
  readonly state: PurgeState;
  /** Who confirmed or cancelled it, and when. */
  readonly decidedBy: PurgePerson | null;
  readonly decidedAt: number | null;
  /** Of the entry that says it is done. */
  readonly doneSeq: number | null;
}

/** What an entry about a purge says. `seq`, `actor` and `receivedAt` are of its record, `payload` is the sealed one. */
export interface PurgeFact {
  readonly seq: number;
  readonly action: string;
  readonly receivedAt: string | null;
  readonly actor: { readonly type: string; readonly id: string | null };
  readonly payload: JsonObject;
}

export const PURGE_REQUESTED = 'audit.purge_requested';
export const PURGED = 'audit.purged';
export const UNINSTALLED = 'audit.uninstalled';

/** The payload of the entry that asks. */
export interface PurgeWish {
  readonly request: string;
  readonly ledger: string;
  readonly kind: PurgeKind;
  readonly by: string;
  readonly via: string;
  readonly until: number | null;
  readonly through: number;
  readonly entries: number;
  readonly delayMs: number;
  readonly needsSecond: boolean;
  readonly keepsArchive: boolean;
}

export function wishToJson(wish: PurgeWish): JsonObject {
  return {
    step: 'asked',
    request: wish.request,
    ledger: wish.ledger,
    kind: wish.kind,
    by: wish.by,
    via: wish.via,
    until: wish.until === null ? null : new Date(wish.until).toISOString(),
    through: wish.through,
    entries: wish.entries,
    delay_ms: wish.delayMs,
    second_person: wish.needsSecond,
    archive: wish.keepsArchive,
  };
}

/** The payload of an entry that confirms or cancels. */
export function decisionToJson(
  request: string,
  ledger: string,
  step: 'confirmed' | 'cancelled',
  by: string,
): JsonObject {
  // prettier-ignore
  return { step, request, ledger, by };
}

/** The requests that facts tell of, oldest first. `facts` in the order of the chain; what says nothing is left out. */
export function purgeRequests(facts: readonly PurgeFact[]): PurgeRequest[] {
  const requests = new Map<string, PurgeRequest>();
  for (const fact of facts) {
    const { request: id, step } = fact.payload;
    if (typeof id !== 'string') continue;
    const known = requests.get(id);
    if (!known) {
      const asked = fact.action === PURGE_REQUESTED && step === 'asked' ? readWish(id, fact) : undefined;
      if (asked) requests.set(id, asked);
    } else requests.set(id, after(known, fact));
  }
  return [...requests.values()];
}

/** A request behind one more fact about it. What was cancelled or is done stays so. */
function after(request: PurgeRequest, fact: PurgeFact): PurgeRequest {
  const { step } = fact.payload;
  if (fact.action === (request.kind === 'purge' ? PURGED : UNINSTALLED))
    return request.state === 'confirmed' ? { ...request, state: 'done', doneSeq: fact.seq } : request;
  if (request.state !== 'waiting' || (step !== 'confirmed' && step !== 'cancelled')) return request;
  return { ...request, state: step, decidedBy: personOf(fact), decidedAt: timeOf(fact.receivedAt) };
}

function readWish(id: string, fact: PurgeFact): PurgeRequest | undefined {
  const { kind, via, until, through, entries, delay_ms: delay, second_person: second, archive } = fact.payload;
  const known = PURGE_KINDS.find((one) => one === kind);
  const limit = until === null ? null : timeOf(until);
  if (!known || ![through, entries, delay].every((count) => Number.isSafeInteger(count)) || Number.isNaN(limit)) return undefined; // prettier-ignore
  return {
    id,
    seq: fact.seq,
    kind: known,
    requestedAt: timeOf(fact.receivedAt),
    requestedBy: personOf(fact),
    via: typeof via === 'string' ? via : '',
    until: limit,
    through: through as number,
    entries: entries as number,
    delayMs: delay as number,
    needsSecond: second !== false,
    keepsArchive: archive !== false,
    state: 'waiting',
    decidedBy: null,
    decidedAt: null,
    doneSeq: null,
  };
}

function personOf({ actor, payload }: PurgeFact): PurgePerson {
  const by = payload['by'];
  return { ref: `${actor.type}:${actor.id ?? ''}`, name: typeof by === 'string' ? by : '' };
}

function timeOf(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : NaN;
}

/** Two names of one person: a person who is in the billing system under a number may sign in under a name. */
export function isSamePerson(a: PurgePerson, b: PurgePerson): boolean {
  return a.ref === b.ref || plain(a.name) === plain(b.name);
}

function plain(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/** What somebody types, with the blanks and commas of any language left aside. */
export function isPhrase(typed: string, phrases: readonly string[]): boolean {
  return phrases.some((phrase) => bare(phrase) === bare(typed));
}

function bare(text: string): string {
  return text.normalize('NFKC').replace(/[\s,.]+/g, '');
}

/** The same in every language: what a command line asks for, and a page takes. */
export function codePhrase(kind: PurgeKind, entries: number): string {
  const count = `${new Intl.NumberFormat('en').format(entries)} ${entries === 1 ? 'ENTRY' : 'ENTRIES'}`;
  return kind === 'purge' ? `DELETE ${count}` : `UNINSTALL AND DELETE ${count}`;
}
