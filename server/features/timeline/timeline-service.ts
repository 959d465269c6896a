import { stateAt, type StateAt, type StateStep } from '../../core/state-at';
import type { Ledger } from '../../entries/entry-store';
import {
  parseFilter,
  subjectFilter,
  type BrowseService,
  type EntryPage,
  type EntryView,
  type RawFilter,
  type Sort,
  type TimelineSubject,
} from '../browse/browse-service';

export interface TimelineRequest {
  readonly subject: TimelineSubject;
  readonly category: string;
  readonly isOldestFirst: boolean;
  /** First and last moment of the day to begin at, in milliseconds, half-open. */
  readonly day: { readonly start: number; readonly end: number } | null;
  readonly cursor?: string | undefined;
}

/** The state of a thing, with what it was told by. */
export interface KnownState {
  readonly moment: string;
  readonly state: StateAt;
  /** False where there are more entries than are read for one answer: older ones may tell of further fields. */
  readonly isWhole: boolean;
  /** Entries that are not what was written: what they say of the state cannot be relied on. */
  readonly broken: readonly number[];
}

/** Everything about one thing in order, and what it was at a moment. */
export interface TimelineService {
  /** Throws KnownError `bad_cursor`. */
  findPage(ledger: Ledger, request: TimelineRequest): Promise<EntryPage>;
  /** `moment` in milliseconds; what happened at it is in. */
  readState(ledger: Ledger, subject: TimelineSubject, moment: number): Promise<KnownState>;
}

export const TIMELINE_PAGE = 50;
/** Entries read for one state: those up to the moment, newest first, and the next ones after it. */
const MOST_PAST = 2_000;
const MOST_LATER = 200;

export function createTimelineService({ browse }: { readonly browse: BrowseService }): TimelineService {
  async function readSome(ledger: Ledger, raw: RawFilter, sort: Sort, most: number): Promise<EntryView[]> {
    const found: EntryView[] = [];
    for await (const entries of browse.streamEntries(ledger, parseFilter(raw), sort)) {
      found.push(...entries);
      if (found.length > most) break;
    }
    return found;
  }

  return {
    findPage(ledger, { subject, category, isOldestFirst, day, cursor }) {
      const raw: RawFilter = { ...subjectFilter(subject, category) };
      if (day && isOldestFirst) raw.after = new Date(day.start).toISOString();
      if (day && !isOldestFirst) raw.before = new Date(day.end).toISOString();
      const sort = isOldestFirst ? 'seq' : '-seq';
      return browse.findPage(ledger, { filter: parseFilter(raw), sort, perPage: TIMELINE_PAGE, cursor });
    },

    async readState(ledger, subject, moment) {
      const raw = subjectFilter(subject, null);
      const after = new Date(moment + 1).toISOString();
      const past = await readSome(ledger, { ...raw, before: after }, '-seq', MOST_PAST);
      const later = await readSome(ledger, { ...raw, after }, 'seq', MOST_LATER);
      const read = [...past.slice(0, MOST_PAST), ...later.slice(0, MOST_LATER)];
      const at = new Date(moment).toISOString();
      return {
        moment: at,
        state: stateAt(read.map(stepOf), at),
        isWhole: past.length <= MOST_PAST,
        broken: read.filter((entry) => entry.integrity.status === 'broken').map(({ seq }) => seq),
      };
    },
  };
}

function stepOf(entry: EntryView): StateStep {
  return {
    seq: entry.seq,
    eventId: entry.source.event_id,
    occurredAt: entry.occurred_at,
    targetType: entry.target.type,
    action: entry.action,
    outcome: entry.outcome,
    changes: entry.changes,
    isErased: entry.erased.includes('changes'),
  };
}
