import { readVectors } from '../testing/vectors';
import {
  createMerkleFrontier,
  EMPTY_ROOT,
  leafHash,
  nodeHash,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from './merkle';

const LEAVES = readVectors<{ record: string }, { leaf: string }>('leaf');
const ROOTS = readVectors<{ count: number }, { root: string }>('tree-root');
const INCLUSION = readVectors<
  { cases: { name: string; index: number; size: number; leaf: string; proof: string[]; root: string }[] },
  { valid: string[] }
>('inclusion');
const CONSISTENCY = readVectors<
  {
    cases: {
      name: string;
      old_size: number;
      new_size: number;
      old_root: string;
      new_root: string;
      proof: string[];
    }[];
  },
  { valid: string[] }
>('consistency');

const bytes = (text: string) => Buffer.from(text, 'hex');
const numbered = (count: number) => Array.from({ length: count }, (_none, at) => leafHash(String(at + 1)));

// The records of testonly/constants.go in transparency-dev/merkle are bytes; as texts only those below 0x80 can be written.
const PUBLIC_RECORDS = ['', '\x00', '\x10', '\x20\x21', '\x30\x31', '@ABC', 'PQRSTUVW', '`abcdefghijklmno'];

describe('hashes', () => {
  it.each(LEAVES)('give the golden leaf of $name: $description', ({ input, result }) => {
    expect(leafHash(input.record).toString('hex')).toBe(result.leaf);
  });

  it('give each golden record another leaf', () => {
    expect(new Set(LEAVES.map(({ result }) => result.leaf)).size).toBe(LEAVES.length);
  });

  it('are those of the reference implementation', () => {
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(leafHash('L123456').toString('hex')).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    );
    // Its node hash runs over texts of any length; ours takes hashes. Leaves of the public tree instead.
    expect(nodeHash(leafHash(''), leafHash('\x00')).toString('hex')).toBe(
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    );
  });
});

describe('a tree', () => {
  it.each([
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('over the first %i leaves of the reference implementation has its root', (size, root) => {
    expect(rootOfLeaves(PUBLIC_RECORDS.slice(0, size).map(leafHash)).toString('hex')).toBe(root);
  });

  it.each(ROOTS)('of $name has the golden root', ({ input, result }) => {
    expect(rootOfLeaves(numbered(input.count)).toString('hex')).toBe(result.root);
  });

  it('knows its root after every leaf', () => {
    const leaves = numbered(70);
    const frontier = createMerkleFrontier();
    expect(frontier.root()).toEqual(EMPTY_ROOT);
    for (const [at, leaf] of leaves.entries()) {
      frontier.add(leaf);
      expect(frontier.size).toBe(at + 1);
      expect(frontier.root()).toEqual(rootOfLeaves(leaves.slice(0, at + 1)));
    }
  });
});

describe('verifyInclusion', () => {
  it.each(INCLUSION)('accepts the proofs of $name and none of the forgeries', ({ input, result }) => {
    const accepted = input.cases.filter(({ index, size, leaf, proof, root }) =>
      verifyInclusion({ index, size, leaf: bytes(leaf), proof: proof.map(bytes), root: bytes(root) }),
    );
    expect(accepted.map(({ name }) => name)).toEqual(result.valid);
  });

  it.each([
    ['a negative index', { index: -1 }],
    ['a fraction', { index: 0.5 }],
    ['more than can be counted', { size: 2 ** 53 }],
    ['a hash of 31 bytes', { proof: [Buffer.alloc(31)] }],
    ['a leaf of 33 bytes', { leaf: Buffer.alloc(33) }],
  ])('refuses %s', (_name, part) => {
    const [first = EMPTY_ROOT, second = EMPTY_ROOT] = numbered(2);
    const claim = { index: 0, size: 2, leaf: first, proof: [second], root: nodeHash(first, second) };
    expect(verifyInclusion(claim)).toBe(true);
    expect(verifyInclusion({ ...claim, ...part })).toBe(false);
  });
});

describe('verifyConsistency', () => {
  it.each(CONSISTENCY)('accepts the proof of $name and none of the forgeries', ({ input, result }) => {
    const accepted = input.cases.filter((one) =>
      verifyConsistency({
        oldSize: one.old_size,
        newSize: one.new_size,
        oldRoot: bytes(one.old_root),
        newRoot: bytes(one.new_root),
        proof: one.proof.map(bytes),
      }),
    );
    expect(accepted.map(({ name }) => name)).toEqual(result.valid);
  });

  it('has no mercy for roots of another length', () => {
    const root = Buffer.alloc(31);
    expect(verifyConsistency({ oldSize: 1, newSize: 1, oldRoot: root, newRoot: root, proof: [] })).toBe(false);
  });
});
