import type { BlockSearch, Found, Section } from './block-search';

/** Where a list goes on: behind this entry, or behind so many. */
export interface Walk {
  readonly descending: boolean;
  readonly after: Found | null;
  /** Only from the beginning on (`after` is null). Entries that are stepped over are counted, not read. */
  readonly skip?: number;
}

/** Everything that was found, in the order of sequence numbers, some at a time. */
export async function* inSeqOrder(
  search: BlockSearch,
  { descending, after, skip = 0 }: Walk,
): AsyncGenerator<readonly Found[]> {
  const isBeyond = (seq: number) => after === null || (descending ? seq < after.seq : seq > after.seq);
  const ordered = descending ? [...search.sections].reverse() : search.sections;
  const sections = ordered.filter(({ fromSeq, toSeq }) => isBeyond(descending ? fromSeq : toSeq));
  let left = skip;
  for (const [i, section] of sections.entries()) {
    const next = sections.slice(i);
    const count = left > 0 ? await search.count(section, next) : 0;
    if (left > 0 && count <= left) {
      left -= count;
      continue;
    }
    const matches = await search.matches(section, next);
    const found = matches.filter(({ seq }) => isBeyond(seq));
    const shown = (descending ? found.reverse() : found).slice(left);
    left = 0;
    if (shown.length > 0) yield shown;
  }
}

/**
 * The same in the order of time. Sections overlap in time where events came late: what was found is given once no other section can
 * hold anything before it.
 */
export async function* inTimeOrder(
  search: BlockSearch,
  { descending, after, skip = 0 }: Walk,
): AsyncGenerator<readonly Found[]> {
  const compare = (a: Found, b: Found) => (descending ? -1 : 1) * (a.time - b.time || a.seq - b.seq);
  const isBeyond = (one: Found) => after === null || compare(one, after) > 0;
  // Counted so that a smaller one comes first in either direction.
  const first = ({ info }: Section) => (info === null ? -Infinity : descending ? -info.maxAt : info.minAt);
  const last = ({ info }: Section) => (info === null ? Infinity : descending ? -info.minAt : info.maxAt);
  const place = (time: number) => (descending ? -time : time);
  const sections = search.sections
    .filter((section) => after === null || last(section) >= place(after.time))
    .sort((a, b) => first(a) - first(b) || (descending ? b.fromSeq - a.fromSeq : a.fromSeq - b.fromSeq));
  let left = skip;
  const stepped = await stepOver();
  let waiting: Found[] = [];
  for (const [i, section] of sections.entries()) {
    if (!stepped.has(section)) {
      const timed = await search.timedMatches(section, sections.slice(i));
      waiting.push(...timed.filter(isBeyond));
    }
    const following = sections[i + 1];
    const next = following === undefined ? Infinity : first(following);
    const ready = waiting.filter(({ time }) => place(time) < next).sort(compare);
    if (ready.length === 0) continue;
    waiting = waiting.filter(({ time }) => place(time) >= next);
    const shown = ready.slice(left);
    left = Math.max(0, left - ready.length);
    if (shown.length > 0) yield shown;
  }

  /** The first sections that together hold no more than is to be skipped, as far as they end before the next one begins. */
  async function stepOver(): Promise<ReadonlySet<Section>> {
    const over = new Map<Section, number>();
    let sum = 0;
    for (const [i, section] of sections.entries()) {
      if (left === 0) break;
      const count = await search.count(section, sections.slice(i));
      if (sum + count > left) break;
      sum += count;
      over.set(section, count);
    }
    const following = sections[over.size];
    const ended = [...over].filter(([section]) => following === undefined || last(section) < first(following));
    for (const [, count] of ended) left -= count;
    return new Set(ended.map(([section]) => section));
  }
}
