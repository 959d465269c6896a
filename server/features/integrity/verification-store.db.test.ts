import { createTestStore, type TestStore } from '../../testing/test-app';
import { ENGINES } from '../../testing/test-database';
import { SHOWN_BREAKS } from './verification-store';
import type { LedgerReport } from './verify-service';

const RUN = {
  startedAt: new Date('2026-11-21T03:00:00.000Z'),
  finishedAt: new Date('2026-11-21T03:00:02.500Z'),
  requestedBy: 'jane',
};

describe.each(ENGINES)('kept verifications on %s', (engine) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await createTestStore(engine);
  });
  afterAll(() => store.stop());

  async function verify(): Promise<LedgerReport> {
    const { ledgers } = await store.deps.verifier.verify({ ledger: store.ledger.name });
    return ledgers[0] as LedgerReport;
  }

  it('keep the head that was checked, whatever is written afterwards', async () => {
    const report = await verify();
    await store.deps.verifications.save(store.ledger, report, RUN);
    await store.deps.ownEvents.record('default', { action: 'audit.exported', targetId: 'csv' });

    expect((await verify()).head?.seq).toBe((report.head?.seq ?? 0) + 1);
    expect(await store.deps.verifications.findLatest(store.ledger)).toMatchObject({
      ...report,
      broken_count: 0,
      startedAt: '2026-11-21T03:00:00.000Z',
      finishedAt: '2026-11-21T03:00:02.500Z',
      requestedBy: 'jane',
    });
  });

  it('say how many breaks there were where they do not list every one', async () => {
    const one = { seq: 1, id: null, kind: 'gap', detail: 'missing', received_at: null };
    const broken = Array.from({ length: SHOWN_BREAKS + 5 }, (_, at) => ({ ...one, seq: at + 1 }));
    await store.deps.verifications.save(
      store.ledger,
      { ...(await verify()), verdict: 'broken', head: null, broken },
      RUN,
    );

    const kept = await store.deps.verifications.findLatest(store.ledger);
    expect(kept?.broken_count).toBe(SHOWN_BREAKS + 5);
    expect(kept?.broken).toEqual(broken.slice(0, SHOWN_BREAKS));
    expect(kept?.head).toBeNull();
  });
});
