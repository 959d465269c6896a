import { existsSync, readFileSync } from 'node:fs';
import { anAppendItem } from '../testing/append-item';
import { runCommand } from '../testing/run-command';
import { createTestStore, type TestStore } from '../testing/test-app';
import { ENGINES } from '../testing/test-database';

const GOING = 511;

let test: TestStore;

const run = (...argv: string[]) => runCommand(test.env, argv);
const seqs = () => test.database.knex('entries').orderBy('seq').limit(2).pluck<number[]>('seq');

describe.each(ENGINES)('purge and uninstall on the command line on %s', (engine) => {
  beforeEach(async () => {
    test = await createTestStore(engine);
    const items = Array.from({ length: 600 }, () =>
      anAppendItem(test.ledger, { receivedAt: '2015-01-02T03:04:05.678Z' }),
    );
    await test.deps.appender.append(test.ledger, items, []);
    await test.deps.indexer.catchUp();
    await test.deps.headNotes.flush();
  });
  afterEach(() => test.stop());

  it('says what would go and which phrase confirms it, and changes nothing', async () => {
    const { code, stdout } = await run('purge', '--dry-run', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { entries: GOING, through: 512, held: [], phrase: 'DELETE 511 ENTRIES' }]); // prettier-ignore
    expect((await run('purge', '--dry-run')).stdout).toContain('to do it: --confirm "DELETE 511 ENTRIES"');
    expect(JSON.parse((await run('uninstall', '--dry-run', '--json')).stdout)).toMatchObject({ phrase: 'UNINSTALL AND DELETE 511 ENTRIES' }); // prettier-ignore
    expect(await seqs()).toEqual([1, 2]);
  });

  it.each([
    [['purge'], 'Write --confirm "DELETE 511 ENTRIES"'],
    [['purge', '--confirm', 'DELETE 510 ENTRIES'], 'the phrase is: DELETE 511 ENTRIES'],
    [['uninstall', '--confirm', 'DELETE 511 ENTRIES'], 'the phrase is: UNINSTALL AND DELETE 511 ENTRIES'],
    [['purge', '--until', '2026-13-01'], 'write a day'],
    [['purge', '--cancel'], 'No purge waits.'],
    [['purge', '--ledger', 'nobody'], 'There is no ledger named nobody.'],
  ])('refuses %j', async (argv, text) => {
    const { code, stderr } = await run(...argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
    expect(await seqs()).toEqual([1, 2]);
  });

  it('refuses while a legal hold keeps some of it, and names it', async () => {
    const scope = { client: null, target: null, actor: null, after: 0, before: null };
    const hold = await test.deps.retention.holds.place(test.ledger, scope, 'case 7', { name: 'x', via: 'cli' });
    const { code, stderr } = await run('purge', '--confirm', 'DELETE 511 ENTRIES');
    expect([code, stderr]).toEqual([2, expect.stringContaining(hold.id)]);
    expect((await run('purge', '--dry-run')).stdout).toContain(`the legal hold ${hold.id} keeps some of them`);
  });

  it('purges at once behind the phrase, and the ledger verifies', async () => {
    const { code, stdout, stderr } = await run('purge', '--confirm', 'DELETE 511 ENTRIES', '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'purge', entries: GOING, sheets: [] });
    expect(await seqs()).toEqual([1, 513]);
    const report = JSON.parse((await run('verify', '--json')).stdout) as { ledgers: object[] };
    expect(report.ledgers).toMatchObject([{ verdict: 'intact', pruned: GOING }]);
  });

  it('uninstalls, and writes down what is left', async () => {
    const { code, stdout } = await run(
      'uninstall',
      '--confirm',
      'UNINSTALL AND DELETE 511 ENTRIES',
      '--no-archive',
      '--json',
    );
    const { sheets, archives } = JSON.parse(stdout) as { sheets: string[]; archives: string[] };
    expect([code, sheets.every(existsSync), archives]).toEqual([0, true, []]);
    expect(readFileSync(sheets[1] ?? '', 'utf8')).toContain('No archive was kept.');
  });
});
