import { fieldToken, tokenNumber } from '../../core/search-tokens';
import { placesOf, type SeqSet } from '../../core/seq-set';
import { createRandom } from '../../testing/random';
import { makeSets, SHARED_BY, type BlockEntry } from './block-sets';
import { completeKeys, wordTerms } from './entry-terms';

const FIELDS = { category: 'financial', severity: 'info', action: 'invoice.paid', outcome: 'success', actorType: 'admin', actorId: '7', targetType: 'invoice', targetId: null, clientId: null, via: 'ui', hook: null }; // prettier-ignore

const entries = (count: number, wordsOf: (i: number) => readonly string[]): BlockEntry[] =>
  Array.from({ length: count }, (_, i) => ({ place: i * 2, fields: { ...FIELDS, clientId: i === 0 ? '5' : null }, words: wordsOf(i) })); // prettier-ignore

const setsOf = (some: readonly BlockEntry[]) => makeSets(some, () => Promise.resolve());
const places = (sets: ReadonlyMap<number, SeqSet>, key: string) => {
  const set = sets.get(tokenNumber(key));
  return set && placesOf(set);
};

describe('the sets of a block', () => {
  it('are there for each value of a closed field, however rare', async () => {
    const sets = await setsOf(entries(2, () => []));
    for (const key of ['category:financial', 'severity:info', 'action:invoice.paid', 'outcome:success', 'actor:admin', 'target:invoice', 'via:ui'])
      expect(places(sets, key)).toEqual([0, 2]);
    expect(sets.size).toBe(7);
  }); // prettier-ignore

  it('are there for people, things and words that enough entries share', async () => {
    const sets = await setsOf(entries(SHARED_BY, (i) => ['often', ...(i === 0 ? [] : ['rarely'])]));
    const all = Array.from({ length: SHARED_BY }, (_, i) => i * 2);
    expect([places(sets, 'actor:admin:7'), places(sets, 'often')]).toEqual([all, all]);
    expect([places(sets, 'rarely'), places(sets, 'rare*'), places(sets, 'client:5')]).toEqual([undefined, undefined, undefined]); // prettier-ignore
  });

  it('hold the beginnings of words, also where each word is rare', async () => {
    const sets = await setsOf(entries(2 * SHARED_BY, (i) => [i % 2 === 0 ? `in${i}` : 'on', ':name:jane']));
    const even = Array.from({ length: SHARED_BY }, (_, i) => i * 4);
    expect([places(sets, 'i*'), places(sets, 'in*')]).toEqual([even, even]);
    expect(places(sets, 'in1*')).toBeUndefined();
    expect([places(sets, ':name:ja*')?.length, places(sets, 'nam*'), places(sets, ':name:*')]).toEqual([2 * SHARED_BY, undefined, undefined]); // prettier-ignore
  });

  it('are those that the words of each entry name, in whatever order the words come', async () => {
    const random = createRandom(11);
    const all = ['i', 'invoice', 'ip', 'ipv6', 'id', 'name', 'named', 'n1', '发票', '退', fieldToken('ip', '203.0.113.4'), fieldToken('ip', '2001:db8::1'), fieldToken('name', 'jane'), fieldToken('name', '张伟'), fieldToken('name', 'ip')]; // prettier-ignore
    const some = entries(12 * SHARED_BY, () => {
      const shuffled = all.map((word) => [random(), word] as const).sort(([a], [b]) => a - b);
      return shuffled.slice(0, 3).map(([, word]) => word);
    });
    const sets = await setsOf(some);
    const terms = new Map<number, number[]>();
    for (const { place, words } of some)
      for (const term of wordTerms(words)) terms.set(term, [...(terms.get(term) ?? []), place]);
    for (const [term, expected] of terms) {
      const set = sets.get(term);
      expect(set && placesOf(set)).toEqual(expected.length >= SHARED_BY ? expected : undefined);
    }
    const closed = entries(1, () => []).flatMap(({ fields }) => completeKeys(fields)).map(tokenNumber); // prettier-ignore
    const known = new Set([...terms.keys(), ...closed, tokenNumber('actor:admin:7')]);
    expect([...sets.keys()].filter((term) => !known.has(term))).toEqual([]);
  });

  it('hold an entry once that has two words with the same beginning', async () => {
    const sets = await setsOf(entries(SHARED_BY - 1, () => ['inn', 'ink']));
    expect(places(sets, 'in*')).toBeUndefined();
  });

  it('have no beginnings of Chinese words and addresses', async () => {
    const sets = await setsOf(entries(SHARED_BY, () => ['退款', ':ip:203.0.113.4']));
    expect([places(sets, '退款')?.length, places(sets, ':ip:203.0.113.4')?.length]).toEqual([SHARED_BY, SHARED_BY]);
    expect([places(sets, '退*'), places(sets, ':ip:2*')]).toEqual([undefined, undefined]);
  });
});
