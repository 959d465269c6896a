import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import type { LedgerReport } from './verify-service';

const RUN = {
  startedAt: new Date('2026-11-21T03:00:00.000Z'),
  finishedAt: new Date('2026-11-21T03:00:02.500Z'),
  requestedBy: 'jane',
};
const ONE = { id: null, kind: 'gap', detail: 'missing', received_at: null };

describe.each(ENGINES)('kept verifications on %s', (engine) => {
  let store: TestStore;
  beforeEach(async () => {
    store = await createTestStore(engine);
  });
  afterEach(() => store.stop());

  async function verify(part: Partial<LedgerReport> = {}): Promise<LedgerReport> {
    const { ledgers } = await store.deps.verifier.verify({ ledger: store.ledger.name });
    return { ...(ledgers[0] as LedgerReport), ...part };
  }
  const reports = () => store.deps.verifications;
  const save = async (part: Partial<LedgerReport> = {}) => reports().save(store.ledger, await verify(part), RUN);

  it('keep the head that was checked, whatever is written afterwards', async () => {
    const { broken, ...report } = await verify();
    const id = await reports().save(store.ledger, { ...report, broken }, RUN);
    await store.deps.ownEvents.record('default', { action: 'audit.exported', targetId: 'csv' });

    expect((await verify()).head?.seq).toBe((report.head?.seq ?? 0) + 1);
    expect(await reports().find(store.ledger, id)).toMatchObject({
      ...report,
      brokenCount: 0,
      startedAt: '2026-11-21T03:00:00.000Z',
      finishedAt: '2026-11-21T03:00:02.500Z',
      requestedBy: 'jane',
      isAuthentic: true,
    });
  });

  it('list every break, page by page', async () => {
    const broken = Array.from({ length: 250 }, (_, at) => ({ ...ONE, seq: at + 1 }));
    const kept = await reports().find(store.ledger, await save({ verdict: 'broken', head: null, broken }));
    expect(kept).toMatchObject({ brokenCount: 250, head: null });
    if (!kept) throw new Error('no report');
    const pages = await Promise.all([0, 100, 200].map((offset) => reports().listBreaks(kept, { offset, limit: 100 })));
    expect(pages.flatMap((page) => page.breaks)).toEqual(broken);
    expect(pages.map((page) => page.isAuthentic)).toEqual([true, true, true]);
  });

  it('stand for "broken" until everything was verified again, whatever parts found meanwhile', async () => {
    const state = async () => (await reports().findState(store.ledger))?.verdict;
    expect(await state()).toBeUndefined();
    await save({ scope: 'actor' });
    expect(await state()).toBeUndefined();
    await save();
    expect(await state()).toBe('intact');
    await save({ scope: 'range', verdict: 'broken', broken: [{ ...ONE, seq: 1 }] });
    await save({ scope: 'new' });
    await save({ scope: 'row' });
    expect(await state()).toBe('broken');
    await save();
    expect(await state()).toBe('intact');
  });

  it('tell up to where everything was found intact', async () => {
    const mark = async () => (await reports().findMark(store.ledger))?.seq;
    const { head } = await verify();
    await save({ verdict: 'broken' });
    await save({ scope: 'range' });
    expect(await mark()).toBeUndefined();
    await save();
    await save({ verdict: 'cannot_tell', head: { seq: 99, hash: 'a'.repeat(64) } });
    expect(await mark()).toBe(head?.seq);
  });

  it.each([
    ['verdict', 'intact'],
    ['scope', 'new'],
    ['from_seq', 7],
    ['to_seq', 7],
    ['actor', 'admin:7'],
    ['size', 7],
    ['scanned', 7],
    ['valid', 7],
    ['unverifiable', 7],
    ['by_proof', 7],
    ['broken', 7],
    ['head_seq', 7],
    ['head_hash', 'a'.repeat(64)],
    ['tree_size', 7],
    ['tree_root', 'a'.repeat(64)],
    ['started_at', 7],
    ['finished_at', 7],
    ['requested_by', 'nobody'],
    ['job_id', 'x'],
    ['mac', null],
  ])('are not believed any more when somebody edits %s', async (column, value) => {
    const id = await save({ verdict: 'broken', broken: [{ ...ONE, seq: 1 }] });
    await store.database
      .knex('verifications')
      .where({ id })
      .update({ [column]: value });
    expect((await reports().find(store.ledger, id))?.isAuthentic).toBe(false);
    const after = await reports().findState(store.ledger);
    expect([undefined, 'cannot_tell']).toContain(after?.verdict);
    expect(await reports().findMark(store.ledger)).toBeUndefined();
  });

  it.each([
    ['seq', 7],
    ['entry_id', 'x'],
    ['kind', 'content'],
    ['detail', 'nothing to see'],
    ['received_at', 7],
    ['position', 7],
    ['mac', null],
  ])('notice that %s of a break was edited', async (column, value) => {
    const id = await save({ verdict: 'broken', broken: [{ ...ONE, seq: 1 }] });
    await store.database
      .knex('verification_breaks')
      .where({ verification_id: id })
      .update({ [column]: value });
    const kept = await reports().find(store.ledger, id);
    expect((await reports().listBreaks(kept!, { offset: 0, limit: 10 })).isAuthentic).toBe(false);
  });

  it('notice that a break was taken out', async () => {
    const id = await save({ verdict: 'broken', broken: [{ ...ONE, seq: 1 }] });
    await store.database.knex('verification_breaks').delete();
    const kept = await reports().find(store.ledger, id);
    expect((await reports().listBreaks(kept!, { offset: 0, limit: 10 })).isAuthentic).toBe(false);
  });
});
