import { leafHash, rootOfLeaves } from '../../core/merkle';
import { originAfter, parseOrigin } from './origin';
import { findSecondHistory, type Remembered } from './second-history';
import type { TreeRow } from './tree-store';

const BASE = 'sealtrail/0193b2e4-aaaa-7000-8000-000000000001/default';
const OTHER = 'sealtrail/0193b2e4-bbbb-7000-8000-000000000001/default';
const LEAVES = Array.from({ length: 10 }, (_none, at) => leafHash(String(at)));
const rootOf = (size: number) => rootOfLeaves(LEAVES.slice(0, size));

const tree = (part: Partial<TreeRow> = {}): TreeRow => ({
  origin: BASE,
  originNo: 1,
  size: 10,
  root: rootOf(10).toString('hex'),
  signedSize: 0,
  signedRoot: '',
  state: 'open',
  stoppedDetail: null,
  stoppedAt: null,
  ...part,
});
const signed = (size: number, part: Partial<Remembered> = {}): Remembered => ({
  origin: BASE,
  size,
  root: rootOf(Math.min(size, 10)),
  where: 'data folder',
  ...part,
});
const find = (row: TreeRow, remembered: Remembered[], newest?: Remembered) =>
  findSecondHistory(row, remembered, newest, (size) => Promise.resolve(rootOf(size)));

describe('a second history', () => {
  it.each([
    ['nothing was signed', tree(), [], undefined],
    ['what was signed is the beginning of the tree', tree(), [signed(1), signed(7)], signed(7)],
    ['what was signed is the tree', tree(), [signed(10)], signed(10)],
    ['another origin signed something else', tree(), [signed(50, { origin: `${OTHER}` })], undefined],
    ['the origin is new and the old one signed more', tree({ origin: `${BASE}/2` }), [], signed(50)],
    ['a new store has named the one it replaced', tree({ origin: `${BASE}/2` }), [], signed(50, { origin: OTHER })],
  ])('is none when %s', async (_name, row, remembered, newest) => {
    expect(await find(row, remembered, newest)).toBeUndefined();
  });

  it.each([
    ['the tree is shorter than what was signed', tree(), [signed(11)], undefined, /^data folder: .* 11 .* has 10/],
    ['the root is another', tree(), [signed(5, { root: rootOf(6) })], undefined, /first 5 entries .* not those/],
    ['one memory of two disagrees', tree(), [signed(5), signed(11, { where: 'database' })], undefined, /^database/],
    ['a later origin was begun', tree(), [], signed(3, { origin: `${BASE}/2` }), /\/2 was begun after/],
    ['the whole store is another', tree(), [], signed(3, { origin: OTHER }), /replaced/],
  ])('is found when %s', async (_name, row, remembered, newest, detail) => {
    expect(await find(row, remembered, newest)).toMatch(detail);
  });
});

describe('origins', () => {
  it.each([
    [BASE, { base: BASE, number: 1 }],
    [`${BASE}/2`, { base: BASE, number: 2 }],
    [`${BASE}/10`, { base: BASE, number: 10 }],
    [`${BASE}/1`, undefined],
    [`${BASE}/02`, undefined],
    [`${BASE}/2/3`, undefined],
    ['example.com/log', undefined],
    ['', undefined],
  ])('%s is read as %j', (origin, parsed) => {
    expect(parseOrigin(origin)).toEqual(parsed);
  });

  it.each([
    [BASE, BASE, `${BASE}/2`],
    [`${BASE}/2`, `${BASE}/2`, `${BASE}/3`],
    [BASE, `${BASE}/4`, `${BASE}/5`],
    [BASE, `${OTHER}/7`, `${BASE}/2`],
  ])('after %s, with %s signed last, comes %s', (current, latest, next) => {
    expect(originAfter(current, latest)).toBe(next);
  });
});
