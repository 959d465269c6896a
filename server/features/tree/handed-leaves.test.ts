import { createHandedLeaves } from './handed-leaves';

const LEDGER = { id: 1, name: 'default', tenant: { id: 1, slug: 'default' } };
const run = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_none, at) => Buffer.from(String(first + at)));
const texts = (leaves: readonly Buffer[]) => leaves.map(String);

describe('leaves that were handed over', () => {
  it('are found where they follow without a gap', () => {
    const handed = createHandedLeaves();
    handed.add(LEDGER, 3, run(1, 3));
    handed.add(LEDGER, 4, run(4, 4));
    handed.add(LEDGER, 9, run(7, 9));
    expect(texts(handed.find(LEDGER, { fromSeq: 1, toSeq: 100 }))).toEqual(['1', '2', '3', '4']);
    expect(texts(handed.find(LEDGER, { fromSeq: 2, toSeq: 3 }))).toEqual(['2', '3']);
    expect(texts(handed.find(LEDGER, { fromSeq: 4, toSeq: 9 }))).toEqual(['4']);
    expect(texts(handed.find(LEDGER, { fromSeq: 5, toSeq: 9 }))).toEqual([]);
    expect(texts(handed.find(LEDGER, { fromSeq: 8, toSeq: 9 }))).toEqual(['8', '9']);
    expect(handed.find({ ...LEDGER, id: 2 }, { fromSeq: 1, toSeq: 9 })).toEqual([]);
  });

  it('are forgotten by whole commits once they are in the tree', () => {
    const handed = createHandedLeaves();
    handed.add(LEDGER, 3, run(1, 3));
    handed.add(LEDGER, 6, run(4, 6));
    handed.forget(LEDGER, 4);
    expect(handed.find(LEDGER, { fromSeq: 1, toSeq: 9 })).toEqual([]);
    expect(texts(handed.find(LEDGER, { fromSeq: 5, toSeq: 9 }))).toEqual(['5', '6']);
  });

  it('are void once their numbers are given again', () => {
    const handed = createHandedLeaves();
    handed.add(LEDGER, 3, run(1, 3));
    handed.add(LEDGER, 6, run(4, 6));
    handed.add(LEDGER, 5, [Buffer.from('new 5')]);
    expect(texts(handed.find(LEDGER, { fromSeq: 1, toSeq: 9 }))).toEqual(['1', '2', '3']);
    expect(texts(handed.find(LEDGER, { fromSeq: 5, toSeq: 9 }))).toEqual(['new 5']);
  });

  it('are not kept beyond what a process can spare', () => {
    const handed = createHandedLeaves();
    handed.add(LEDGER, 60_000, run(1, 60_000));
    handed.add(LEDGER, 70_000, run(60_001, 70_000));
    expect(handed.find(LEDGER, { fromSeq: 60_001, toSeq: 70_000 })).toEqual([]);
    handed.forget(LEDGER, 60_000);
    handed.add(LEDGER, 70_001, run(70_001, 70_001));
    expect(handed.find(LEDGER, { fromSeq: 70_001, toSeq: 70_001 })).toHaveLength(1);
  });
});
