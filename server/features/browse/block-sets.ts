import { prefixesOf, tokenNumber } from '../../core/search-tokens';
import { addTo, countOf, emptySet, type SeqSet } from '../../core/seq-set';
import { completeKeys, prefixKey, sharedKeys, type EntryFields } from './entry-terms';

/** An entry of a block: its place in it, its columns and its words. */
export interface BlockEntry {
  readonly place: number;
  readonly fields: EntryFields;
  readonly words: readonly string[];
}

/** Entries of a block that must share a word, a person or a thing before it gets a set; fewer are found one by one. */
export const SHARED_BY = 32;

/** The sets of a block by the number of their key. Gives way between its steps: it takes some tenths of a second. */
export async function makeSets(
  entries: readonly BlockEntry[],
  giveWay: () => Promise<void>,
): Promise<Map<number, SeqSet>> {
  const complete = new Map<string, number[]>();
  const shared = new Map<string, number[]>();
  const words = new Map<string, number[]>();
  for (const { place, fields, words: own } of entries) {
    for (const key of completeKeys(fields)) push(complete, key, place);
    for (const key of sharedKeys(fields)) push(shared, key, place);
    for (const word of own) push(words, word, place);
  }
  await giveWay();
  const sets = new Map<number, SeqSet>();
  for (const [key, places] of complete) sets.set(tokenNumber(key), setOf(places));
  for (const [key, places] of [...shared, ...words])
    if (places.length >= SHARED_BY) sets.set(tokenNumber(key), setOf(places));
  await giveWay();
  for (const group of groupsOf([...words], 1)) {
    addPrefixes(sets, group, 1);
    await giveWay();
  }
  return sets;
}

type Postings = readonly (readonly [word: string, places: readonly number[]])[];

/** The beginning of `length` characters that the words of a group share, and then the longer ones. */
function addPrefixes(sets: Map<number, SeqSet>, group: Postings, length: number): void {
  if (group.reduce((sum, [, places]) => sum + places.length, 0) < SHARED_BY) return;
  const prefix = group[0]?.[0].slice(0, length) ?? '';
  const [first] = group;
  if (first && prefixesOf(first[0]).includes(prefix)) {
    const set = setOf(group.flatMap(([, places]) => places));
    if (countOf(set) < SHARED_BY) return;
    sets.set(tokenNumber(prefixKey(prefix)), set);
  }
  const longer = group.filter(([word]) => word.length > length);
  for (const part of groupsOf(longer, length + 1)) addPrefixes(sets, part, length + 1);
}

function groupsOf(postings: Postings, length: number): Postings[] {
  const groups = new Map<string, [string, readonly number[]][]>();
  for (const [word, places] of postings) {
    const key = word.slice(0, length);
    const group = groups.get(key);
    if (group) group.push([word, places]);
    else groups.set(key, [[word, places]]);
  }
  return [...groups.values()];
}

function push(lists: Map<string, number[]>, key: string, place: number): void {
  const list = lists.get(key);
  if (list) list.push(place);
  else lists.set(key, [place]);
}

function setOf(places: readonly number[]): SeqSet {
  const set = emptySet();
  for (const place of places) addTo(set, place);
  return set;
}
