import type { BlockSearch, Found, Section } from './block-search';

/** Where a list goes on: behind this entry. */
export interface Walk {
  readonly descending: boolean;
  readonly after: Found | null;
}

/** Everything that was found, in the order of sequence numbers, some at a time. */
export async function* inSeqOrder(search: BlockSearch, { descending, after }: Walk): AsyncGenerator<readonly Found[]> {
  const isBeyond = (seq: number) => after === null || (descending ? seq < after.seq : seq > after.seq);
  const ordered = descending ? [...search.sections].reverse() : search.sections;
  const sections = ordered.filter(({ fromSeq, toSeq }) => isBeyond(descending ? fromSeq : toSeq));
  for (const [i, section] of sections.entries()) {
    const matches = await search.matches(section, sections.slice(i));
    const found = matches.filter(({ seq }) => isBeyond(seq));
    if (found.length > 0) yield descending ? found.reverse() : found;
  }
}

/**
 * The same in the order of time. Sections overlap in time where events came late: what was found is given once no other section can
 * hold anything before it.
 */
export async function* inTimeOrder(search: BlockSearch, { descending, after }: Walk): AsyncGenerator<readonly Found[]> {
  const compare = (a: Found, b: Found) => (descending ? -1 : 1) * (a.time - b.time || a.seq - b.seq);
  const isBeyond = (one: Found) => after === null || compare(one, after) > 0;
  // Counted so that a smaller one comes first in either direction.
  const first = ({ info }: Section) => (info === null ? -Infinity : descending ? -info.maxAt : info.minAt);
  const last = ({ info }: Section) => (info === null ? Infinity : descending ? -info.minAt : info.maxAt);
  const place = (time: number) => (descending ? -time : time);
  const sections = search.sections
    .filter((section) => after === null || last(section) >= place(after.time))
    .sort((a, b) => first(a) - first(b) || (descending ? b.fromSeq - a.fromSeq : a.fromSeq - b.fromSeq));
  let waiting: Found[] = [];
  for (const [i, section] of sections.entries()) {
    const timed = await search.timedMatches(section, sections.slice(i));
    waiting.push(...timed.filter(isBeyond));
    const following = sections[i + 1];
    const next = following === undefined ? Infinity : first(following);
    const ready = waiting.filter(({ time }) => place(time) < next).sort(compare);
    if (ready.length === 0) continue;
    waiting = waiting.filter(({ time }) => place(time) >= next);
    yield ready;
  }
}
