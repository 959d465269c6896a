import { v7 as uuidv7 } from 'uuid';
import { createKeyRing } from '../../entries/key-ring';
import type { Ledger } from '../../entries/ledger';
import { createLedgerFacts } from '../../entries/ledger-facts';
import { readMasterKey } from '../../entries/master-key';
import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { createKeyService } from './key-service';

const ACTIONS = ['audit.settings_changed', 'audit.role_changed', 'audit.retention_changed'] as const;

describe.each(ENGINES)('facts of a ledger under a key that was destroyed, on %s', (engine) => {
  let test: TestStore;

  beforeEach(async () => {
    test = await createTestStore(engine);
  });
  afterEach(() => test.stop());

  /** Reads with a key ring of its own, so that keys are looked up in the database. */
  function createFacts(readLeaves: (of: Ledger, tile: number) => Promise<Buffer | undefined>) {
    const { store, appender, now } = test.deps;
    const keyRing = createKeyRing(readMasterKey(test.config.masterKeyFile));
    return createLedgerFacts({ database: test.database, keyRing, store, appender, readLeaves, now });
  }

  it('are proved by the tree, at no more cost for many', async () => {
    const { deps, ledger } = test;
    const before = createFacts(() => Promise.resolve(undefined));
    for (let at = 0; at < 20; at += 1)
      for (const action of ACTIONS)
        await before.record(ledger, { id: uuidv7(), action, targetId: String(at), payload: {} });
    await deps.keys.rotate(ledger, { via: 'cli' });
    const held = { note: (await deps.checkpoints.sign(ledger, 'request')).note, where: 'the notary' };
    const heldCheckpoints = () => Promise.resolve([held]);
    await createKeyService({ ...deps, heldCheckpoints, onCommit: () => undefined }).retire(ledger, 1, { via: 'cli' });

    const readLeaves = jest.fn((of: Ledger, tile: number) => deps.tree.readTile(of, 0, tile));
    const facts = createFacts(readLeaves);
    const asked = jest.spyOn(test.database.dialect, 'selectArrays');
    const built: unknown[] = [];
    test.database.knex.on('query', (query) => built.push(query));
    const found = await facts.read(ledger, ACTIONS);
    const statements = asked.mock.calls.length + built.length;
    asked.mockRestore();
    expect(found.filter((one) => one.isSound)).toHaveLength(60);
    expect(readLeaves).toHaveBeenCalledTimes(1);
    expect(statements).toBeLessThan(20);

    readLeaves.mockImplementation(async (of, tile) =>
      Buffer.from((await deps.tree.readTile(of, 0, tile)) ?? '').fill(0, 64, 96),
    );
    expect((await facts.read(ledger, ACTIONS)).filter((one) => !one.isSound)).toMatchObject([{ seq: 3 }]);
  });
});
