import { leafHash, rootOfLeaves, verifyConsistency, verifyInclusion } from '../../core/merkle';
import { anAppendItem } from '../../testing/append-item';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { createFirstOrigin } from './first-origin';
import { createHandedLeaves } from './handed-leaves';
import { createTreeService } from './knex-tree-service';
import type { TreeService } from './tree-service';
import { createTreeStore, type TreeStore } from './tree-store';

describe.each(ENGINES)('the tree on %s', (engine) => {
  let test: TestStore;
  let tree: TreeService;

  beforeEach(async () => {
    test = await createTestStore(engine);
    tree = test.deps.tree;
  });
  afterEach(() => test.stop());

  async function append(count: number): Promise<void> {
    const items = Array.from({ length: count }, () => anAppendItem(test.ledger));
    await test.deps.store.append(test.ledger, items);
  }

  async function leaves(): Promise<Buffer[]> {
    const rows = await test.database
      .knex('entries')
      .where({ ledger_id: test.ledger.id })
      .orderBy('seq')
      .pluck('record');
    return (rows as string[]).map(leafHash);
  }

  async function treeRows() {
    const db = test.database.knex;
    return {
      trees: await db('trees').select(),
      tiles: await db('tree_tiles').orderBy(['ledger_id', 'level', 'tile']).select(),
    };
  }

  /** The service over a store of which each write may fail. */
  function withFaults(beforeWrite: (name: string) => void): TreeService {
    // The program's own connection: two of SQLite in one process would wait for each other.
    const { database } = test.deps;
    const trees = createTreeStore(database);
    const faulty: TreeStore = {
      ...trees,
      async lock(...args) {
        beforeWrite('lock');
        return trees.lock(...args);
      },
      async writeTiles(...args) {
        beforeWrite('tiles');
        await trees.writeTiles(...args);
        beforeWrite('behind the tiles');
      },
      async update(...args) {
        await trees.update(...args);
        beforeWrite('behind the size');
      },
    };
    const firstOrigin = createFirstOrigin({ database, store: test.deps.store, trees });
    const handedLeaves = createHandedLeaves();
    return createTreeService({ database, store: test.deps.store, trees: faulty, handedLeaves, firstOrigin });
  }

  it('has the root of all sealed records, however it grew', async () => {
    for (const count of [1, 254, 1, 300, 700]) {
      await append(count);
      const size = await tree.catchUp(test.ledger);
      const all = await leaves();
      expect(size).toBe(all.length);
      expect(await tree.rootAt(test.ledger, size)).toEqual(rootOfLeaves(all));
      const [row] = (await treeRows()).trees as { size: number; root: string }[];
      expect(row).toMatchObject({ size, root: rootOfLeaves(all).toString('hex') });
    }
    expect(await tree.countBehind()).toBe(0);
  });

  it('names its log after the installation and the ledger', async () => {
    await tree.catchUp(test.ledger);
    const [row] = (await treeRows()).trees as { origin: string }[];
    expect(row?.origin).toMatch(/^sealtrail\/[0-9a-f-]{36}\/default$/);
  });

  it('proves every entry, and that it continues what it was', async () => {
    await append(600);
    const size = await tree.catchUp(test.ledger);
    const all = await leaves();
    const root = rootOfLeaves(all);
    for (const seq of [1, 2, 256, 257, 512, 513, 600, 601]) {
      const leaf = (await tree.leafAt(test.ledger, seq)) ?? Buffer.alloc(0);
      expect(leaf).toEqual(all[seq - 1]);
      const proof = await tree.inclusionProof(test.ledger, seq, size);
      expect(verifyInclusion({ index: seq - 1, size, leaf, proof, root })).toBe(true);
      const oldRoot = await tree.rootAt(test.ledger, seq);
      expect(oldRoot).toEqual(rootOfLeaves(all.slice(0, seq)));
      const consistency = await tree.consistencyProof(test.ledger, seq, size);
      expect(verifyConsistency({ oldSize: seq, newSize: size, oldRoot, newRoot: root, proof: consistency })).toBe(true);
    }
    expect(await tree.leafAt(test.ledger, size + 1)).toBeUndefined();
    await expect(tree.inclusionProof(test.ledger, size + 1, size)).rejects.toMatchObject({ name: 'RangeError' });
  });

  it('stays right when the builder dies between any two writes', async () => {
    await append(700);
    const steps: string[] = [];
    const whole = withFaults((name) => void steps.push(name));
    await whole.catchUp(test.ledger);
    const wanted = await treeRows();
    for (let dies = 0; dies < steps.length; dies += 1) {
      await test.database.knex('tree_tiles').delete();
      await test.database.knex('trees').delete();
      let step = 0;
      const dying = withFaults(() => {
        if (step === dies) throw new Error('died');
        step += 1;
      });
      await expect(dying.catchUp(test.ledger)).rejects.toMatchObject({ message: 'died' });
      await tree.catchUp(test.ledger);
      expect(await treeRows()).toEqual(wanted);
    }
    expect(steps.length).toBeGreaterThanOrEqual(4);
  });

  it('is built by several at once as by one', async () => {
    await append(2_500);
    const builders = Array.from({ length: 4 }, () => withFaults(() => undefined));
    await Promise.all([...builders, tree].map((one) => one.catchUp(test.ledger)));
    expect(await tree.rootAt(test.ledger, 2_501)).toEqual(rootOfLeaves(await leaves()));
  });

  it('is built again where its size was set back', async () => {
    await append(300);
    await tree.catchUp(test.ledger);
    const wanted = await treeRows();
    await test.database.knex('trees').update({ size: 7, root: 'ab'.repeat(32) });
    await tree.catchUp(test.ledger);
    expect(await treeRows()).toEqual(wanted);
  });

  it('waits where an entry is gone that it has not seen, and says so', async () => {
    await append(5);
    await tree.catchUp(test.ledger);
    await append(5);
    for (const verb of ['update', 'delete']) await test.database.knex.raw(`DROP TRIGGER entries_no_${verb}`);
    await test.database.knex('entries').where({ ledger_id: test.ledger.id, seq: 9 }).delete();
    // Another process, which the leaf was not handed to.
    const other = withFaults(() => undefined);
    await expect(other.catchUp(test.ledger)).rejects.toMatchObject({
      name: 'TreeGapError',
      message: expect.stringMatching(/^entry 9 /),
    });
    expect(await tree.size(test.ledger)).toBe(8);
  });

  it('follows the commits by itself', async () => {
    await test.deps.appender.append(test.ledger, [anAppendItem(test.ledger)], []);
    for (let wait = 0; wait < 100 && (await tree.size(test.ledger)) < 2; wait += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await tree.size(test.ledger)).toBe(2);
  });

  it('proves one entry of many with a few reads', async () => {
    await append(1_500);
    await tree.catchUp(test.ledger);
    const queries: string[] = [];
    const counted: TreeStore = {
      ...createTreeStore(test.deps.database),
      readTile: (db, ledger, level, tile) => {
        queries.push(`${level}/${tile}`);
        return createTreeStore(test.deps.database).readTile(db, ledger, level, tile);
      },
    };
    const { store } = test.deps;
    const firstOrigin = createFirstOrigin({ database: test.deps.database, store, trees: counted });
    const handedLeaves = createHandedLeaves();
    const { database } = test.deps;
    const service = createTreeService({ database, store, trees: counted, handedLeaves, firstOrigin });
    await service.inclusionProof(test.ledger, 700, 1_501);
    // Two levels, two tiles each: the entry's own and the right edge.
    expect(queries.length).toBeLessThanOrEqual(4);
  });
});
