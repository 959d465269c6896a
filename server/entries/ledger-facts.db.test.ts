import { v7 as uuidv7 } from 'uuid';
import { createTestStore, type TestStore } from '../testing/test-app';
import { ENGINES } from '../testing/test-database';
import { createKeyRing } from './key-ring';
import { createLedgerFacts, type LedgerFacts } from './ledger-facts';
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
