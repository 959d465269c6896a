import { v7 as uuidv7 } from 'uuid';
import { createTestStore, type TestStore } from '../testing/test-app';
import { ENGINES } from '../testing/test-database';
import { createKeyService } from '../features/keys/key-service';
import { createKeyRing } from './key-ring';
import { createLedgerFacts, type LedgerFacts } from './ledger-facts';
import type { Ledger } from './ledger';
import { readMasterKey } from './master-key';

const ACTIONS = ['audit.settings_changed', 'audit.role_changed', 'audit.retention_changed'] as const;

describe.each(ENGINES)('facts of a ledger on %s', (engine) => {
  let test: TestStore;
  let facts: LedgerFacts;

  beforeEach(async () => {
    test = await createTestStore(engine);
    const { store, appender } = test.deps;
    // Of its own, so that keys are looked up in the database.
    const keyRing = createKeyRing(readMasterKey(test.config.masterKeyFile));
    const readLeaves = () => Promise.resolve(undefined);
    facts = createLedgerFacts({
      database: test.database,
      keyRing,
      store,
      appender,
      readLeaves,
      now: () => test.clock.now(),
    });
  });
  afterEach(() => test.stop());

  const say = (action: string, targetId: string) =>
    facts.record(test.ledger, { id: uuidv7(), action, targetId, payload: {} });
  const read = async (since?: Parameters<LedgerFacts['read']>[2]) =>
    (await facts.read(test.ledger, ACTIONS, since)).map(({ targetId }) => targetId);

  it('of several actions are read by one statement, in their order', async () => {
    for (const [at, action] of [...ACTIONS, ...ACTIONS].entries()) await say(action, `n${at}`);
    const asked = jest.spyOn(test.database.dialect, 'selectArrays');
    const found = await read();
    const statements = asked.mock.calls.filter(([, sql]) => sql.includes('e.action'));
    asked.mockRestore();
    expect(found).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5']);
    // What is committed between two statements would be missed by who goes on behind the newest of both.
    expect(statements).toHaveLength(1);
  });

  it('under a key that was destroyed are proved by the tree, at no more cost for many', async () => {
    const { deps, ledger } = test;
    for (let at = 0; at < 20; at += 1) for (const action of ACTIONS) await say(action, `${at}`);
    await deps.keys.rotate(ledger, { via: 'cli' });
    const held = { note: (await deps.checkpoints.sign(ledger, 'request')).note, where: 'the notary' };
    const keys = createKeyService({
      ...deps,
      heldCheckpoints: () => Promise.resolve([held]),
      onCommit: () => undefined,
    });
    await keys.retire(ledger, 1, { via: 'cli' });
    const [keyRing, readLeaves] = [createKeyRing(readMasterKey(test.config.masterKeyFile)), jest.fn((of: Ledger, tile: number) => deps.tree.readTile(of, 0, tile))]; // prettier-ignore
    const late = createLedgerFacts({ database: test.database, keyRing, store: deps.store, appender: deps.appender, readLeaves, now: deps.now }); // prettier-ignore
    const asked = jest.spyOn(test.database.dialect, 'selectArrays');
    const built: unknown[] = [];
    test.database.knex.on('query', (query) => built.push(query));
    const found = await late.read(ledger, ACTIONS);
    const statements = asked.mock.calls.length + built.length;
    asked.mockRestore();
    expect(found.filter((one) => one.isSound)).toHaveLength(60);
    expect(readLeaves).toHaveBeenCalledTimes(1);
    expect(statements).toBeLessThan(20);

    readLeaves.mockImplementation(async (of, tile) => Buffer.from((await deps.tree.readTile(of, 0, tile)) ?? '').fill(0, 64, 96)); // prettier-ignore
    expect((await late.read(ledger, ACTIONS)).filter((one) => !one.isSound)).toMatchObject([{ seq: 3 }]);
  });

  it('go on behind a number', async () => {
    for (const action of ACTIONS) await say(action, action);
    const [first] = await facts.read(test.ledger, ACTIONS);
    expect(await read({ afterSeq: first?.seq ?? 0 })).toEqual(ACTIONS.slice(1));
  });

  it('are read in a transaction, keys included', async () => {
    for (const action of ACTIONS) await say(action, action);
    // SQLite has one connection: what asked beside the transaction would wait for its end.
    expect(await test.database.knex.transaction((within) => read({ within }))).toEqual(ACTIONS);
  });
});
