import { RECORD_FORMAT, type SealedRecord } from './sealed-record';
import type { StoredEntry } from './stored-entry';

/** What a verifier compares with the columns beside a record. Named and nested as in the record. */
export type RecordFields = Pick<
  SealedRecord,
  | 'action'
  | 'category'
  | 'client'
  | 'commitments'
  | 'epoch'
  | 'format'
  | 'id'
  | 'ledger'
  | 'occurred_at'
  | 'outcome'
  | 'received_at'
  | 'seq'
  | 'severity'
  | 'subjects'
  | 'target'
  | 'tenant'
  | 'via'
> & {
  readonly actor: Pick<SealedRecord['actor'], 'id' | 'type'>;
  readonly source: Pick<SealedRecord['source'], 'bridge' | 'event_id' | 'hook' | 'kind' | 'part' | 'seq'>;
};

/**
 * These fields read off a record's text by their places, without making the rest of it: a record is canonical (RFC 8785), so that
 * its members stand in one order. What stands in the payload is stepped over, not checked: to trust it takes the hash.
 * Undefined where the text is not laid out so or a field holds an escape; `parseRecord` then tells what it is.
 */
export function readRecordFields(text: string): RecordFields | undefined {
  try {
    return readFields(new Cursor(text));
  } catch (error) {
    if (error instanceof NotSoLaidOut) return undefined;
    throw error;
  }
}

function readFields(at: Cursor): RecordFields {
  at.pass('{"acting_as":').skip();
  const action = at.pass(',"action":').text();
  const actorId = at.pass(',"actor":{"id":').textOrNull();
  at.pass(',"role":').skip();
  const actorType = at.pass(',"type":').text();
  const category = at.pass('},"category":').text();
  at.pass(',"changes":').skip();
  const client = at.pass(',"client":').textOrNull();
  const actorCommitment = at.pass(',"commitments":{"actor":').textOrNull();
  const subjectCommitment = at.pass(',"subject":').textOrNull();
  const epoch = at.pass('},"epoch":').text();
  const id = at.pass(AFTER_EPOCH).text();
  const ledger = at.pass(',"ledger":').text();
  const occurredAt = at.pass(',"occurred_at":').text();
  const outcome = at.pass(',"outcome":').text();
  const receivedAt = at.pass(',"received_at":').text();
  const seq = at.pass(',"seq":').text();
  const severity = at.pass(',"severity":').text();
  const bridge = at.pass(',"source":{"bridge":').textOrNull();
  const eventId = at.pass(',"event_id":').text();
  const hook = at.pass(',"hook":').textOrNull();
  const kind = at.pass(',"kind":').text();
  const part = at.pass(',"part":').text();
  at.pass(',"payload":').skip();
  at.pass(',"script":').skip();
  at.pass(',"sent_at":').skip();
  const bridgeSeq = at.pass(',"seq":').textOrNull();
  at.pass(',"skew_ms":').skip();
  const actorRef = at.pass('},"subjects":{"actor":').textOrNull();
  const subjectRef = at.pass(',"subject":').textOrNull();
  const targetId = at.pass('},"target":{"id":').textOrNull();
  const targetType = at.pass(',"type":').text();
  const tenant = at.pass('},"tenant":').text();
  const via = at.pass(',"via":').textOrNull();
  at.pass('}').end();
  return {
    action,
    actor: { id: actorId, type: actorType },
    category,
    client,
    commitments: { actor: actorCommitment, subject: subjectCommitment },
    epoch,
    format: RECORD_FORMAT,
    id,
    ledger,
    occurred_at: occurredAt,
    outcome,
    received_at: receivedAt,
    seq,
    severity,
    source: { bridge, event_id: eventId, hook, kind, part, seq: bridgeSeq },
    subjects: { actor: actorRef, subject: subjectRef },
    target: { id: targetId, type: targetType },
    tenant,
    via,
  };
}

/** Names that rows hold as numbers and records as words. */
export interface LedgerNames {
  readonly ledger: string;
  readonly tenant: string;
  readonly tenantId: number;
}

/**
 * What a record knows of its erasable values, if each column beside it says what the record says; undefined where one does not, or
 * where this cannot be told so: `readRecordFields` or `parseRecord` tell more. Nearly every row is as it was sealed, and comparing in
 * place makes no strings.
 */
export function readAsStored(
  entry: StoredEntry,
  names: LedgerNames,
): Pick<RecordFields, 'commitments' | 'subjects'> | undefined {
  // A column of SQLite may hold a text whatever its type says, and these become part of what is looked for.
  const areNumbers = Number.isSafeInteger(entry.seq) && Number.isSafeInteger(entry.epoch) && Number.isSafeInteger(entry.part); // prettier-ignore
  if (!areNumbers || entry.tenantId !== names.tenantId) return undefined;
  try {
    return compareFields(new Cursor(entry.record), entry, names);
  } catch (error) {
    if (error instanceof NotSoLaidOut) return undefined;
    throw error;
  }
}

function compareFields(
  at: Cursor,
  entry: StoredEntry,
  names: LedgerNames,
): Pick<RecordFields, 'commitments' | 'subjects'> {
  const { beforeId, afterId, afterTarget } = namedTexts(names, entry.epoch);
  at.pass('{"acting_as":').skip();
  at.pass(',"action":').equal(entry.action);
  at.pass(',"actor":{"id":').equal(entry.actorId);
  at.pass(',"role":').skip();
  at.pass(',"type":').equal(entry.actorType);
  at.pass('},"category":').equal(entry.category);
  at.pass(',"changes":').skip();
  at.pass(',"client":').equal(entry.clientId);
  const actorCommitment = at.pass(',"commitments":{"actor":').textOrNull();
  const subjectCommitment = at.pass(',"subject":').textOrNull();
  at.pass(beforeId).equal(entry.id);
  at.pass(afterId).pass(timeText(entry.occurredAt));
  at.pass(',"outcome":').equal(entry.outcome);
  at.pass(',"received_at":').pass(timeText(entry.receivedAt));
  at.pass(`,"seq":"${entry.seq}","severity":`).equal(entry.severity);
  at.pass(',"source":{"bridge":').skip();
  at.pass(',"event_id":').equal(entry.eventId);
  at.pass(',"hook":').equal(entry.hook);
  at.pass(',"kind":').skip();
  at.pass(`,"part":"${entry.part}","payload":`).skip();
  at.pass(',"script":').skip();
  at.pass(',"sent_at":').skip();
  at.pass(',"seq":').skip();
  at.pass(',"skew_ms":').skip();
  const actorRef = at.pass('},"subjects":{"actor":').textOrNull();
  const subjectRef = at.pass(',"subject":').textOrNull();
  at.pass('},"target":{"id":').equal(entry.targetId);
  at.pass(',"type":').equal(entry.targetType);
  at.pass(afterTarget).equal(entry.via);
  at.pass('}').end();
  return {
    commitments: { actor: actorCommitment, subject: subjectCommitment },
    subjects: { actor: actorRef, subject: subjectRef },
  };
}

const AFTER_EPOCH = `,"format":"${RECORD_FORMAT}","id":`;

class NotSoLaidOut extends Error {
  override name = 'NotSoLaidOut';
}

/** What stands between two values in every record of a ledger's epoch. */
interface NamedTexts {
  readonly ledger: string;
  readonly tenant: string;
  readonly epoch: number;
  readonly beforeId: string;
  readonly afterId: string;
  readonly afterTarget: string;
}

/** Of the entry before: mostly those of the next, too. */
let namedBefore: NamedTexts | undefined;

function namedTexts({ ledger, tenant }: LedgerNames, epoch: number): NamedTexts {
  const known = namedBefore;
  if (known?.epoch === epoch && known.ledger === ledger && known.tenant === tenant) return known;
  const [ledgerText, tenantText] = [JSON.stringify(ledger), JSON.stringify(tenant)];
  namedBefore = {
    ledger,
    tenant,
    epoch,
    beforeId: `},"epoch":"${epoch}"${AFTER_EPOCH}`,
    afterId: `,"ledger":${ledgerText},"occurred_at":`,
    afterTarget: `},"tenant":${tenantText},"via":`,
  };
  return namedBefore;
}

const DAY_MS = 86_400_000;
const MAX_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const THREE_DIGITS = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, '0'));
/** Texts of days. Entries that follow each other happened and arrived on few of them. */
const dayTexts = new Map<number, string>();
const MAX_DAYS = 1_000;

/** A moment as a record has it, `"2026-11-21T01:02:03.456Z"`, from milliseconds since 1970. */
function timeText(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0 || ms > MAX_TIME) throw new NotSoLaidOut();
  const rest = ms % DAY_MS;
  const seconds = Math.floor(rest / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${dayText(ms - rest)}${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}.${THREE_DIGITS[rest % 1_000]}Z"`;
}

function dayText(ms: number): string {
  const known = dayTexts.get(ms);
  if (known !== undefined) return known;
  if (dayTexts.size === MAX_DAYS) dayTexts.clear();
  const text = `"${new Date(ms).toISOString().slice(0, 11)}`;
  dayTexts.set(ms, text);
  return text;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A place in a text; throws NotSoLaidOut where something else stands than was asked for. */
class Cursor {
  private at = 0;
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  pass(literal: string): this {
    // Nearly always it is there, and looking for a text is faster than comparing one.
    if (this.source.indexOf(literal, this.at) !== this.at) throw new NotSoLaidOut();
    this.at += literal.length;
    return this;
  }

  end(): void {
    if (this.at !== this.source.length) throw new NotSoLaidOut();
  }

  /** A string without escapes. */
  text(): string {
    const start = this.at + 1;
    const end = this.endOfString();
    const text = this.source.slice(start, end);
    if (text.includes('\\')) throw new NotSoLaidOut();
    this.at = end + 1;
    return text;
  }

  textOrNull(): string | null {
    if (!this.source.startsWith('null', this.at)) return this.text();
    this.at += 4;
    return null;
  }

  /** A string without escapes that is `value`, or null. */
  equal(value: string | null): void {
    if (value === null) {
      this.pass('null');
      return;
    }
    const start = this.at + 1;
    const end = start + value.length;
    const { source } = this;
    // What a value brings along must not be taken for the members behind it: the first quotation mark ends the string.
    const isSame =
      this.isQuote(this.at) && source.indexOf(value, start) === start && source.indexOf('"', start) === end;
    if (!isSame || value.includes('\\')) throw new NotSoLaidOut();
    this.at = end + 1;
  }

  private isQuote(at: number): boolean {
    return this.source.charCodeAt(at) === QUOTE;
  }

  /** Any value. */
  skip(): void {
    if (this.source.charCodeAt(this.at) === QUOTE) this.at = this.endOfString() + 1;
    else if (this.source.startsWith('null', this.at)) this.at += 4;
    else this.skipNested();
  }

  private skipNested(): void {
    let depth = 0;
    do {
      const code = this.source.charCodeAt(this.at);
      if (code === QUOTE) this.at = this.endOfString();
      else if (code === 0x7b || code === 0x5b) depth += 1;
      else if (code === 0x7d || code === 0x5d) depth -= 1;
      else if (Number.isNaN(code) || depth === 0) throw new NotSoLaidOut();
      this.at += 1;
    } while (depth > 0);
  }

  /** Where the quotation mark stands that ends the string beginning here. */
  private endOfString(): number {
    if (this.source.charCodeAt(this.at) !== QUOTE) throw new NotSoLaidOut();
    let end = this.source.indexOf('"', this.at + 1);
    while (end > 0 && this.isEscaped(end)) end = this.source.indexOf('"', end + 1);
    if (end < 0) throw new NotSoLaidOut();
    return end;
  }

  private isEscaped(place: number): boolean {
    let slashes = 0;
    while (this.source.charCodeAt(place - 1 - slashes) === BACKSLASH) slashes += 1;
    return slashes % 2 === 1;
  }
}
