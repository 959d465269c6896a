import { aPageContext } from '../../testing/an-entry-view';
import { verifyPage, type VerifyResult } from './verify-page';

const ctx = aPageContext();

function aResult(over: Partial<VerifyResult['ledgers'][number]> = {}): VerifyResult {
  const ledger = {
    ledger: 'default',
    verdict: 'intact',
    size: 1542,
    scanned: 1542,
    valid: 1542,
    unverifiable: 0,
    head: null,
    broken: [],
    ...over,
  };
  return {
    verdict: ledger.verdict,
    started_at: '2026-11-21T03:00:00.000Z',
    finished_at: '2026-11-21T03:00:02.500Z',
    requested_by: 'jane',
    ledgers: [ledger],
  };
}
const aBreak = { seq: 88, id: 'e-88', kind: 'content', detail: 'x', received_at: '2026-11-20T00:00:00.000Z' };

it('says how much was checked, how long it took and who asked', () => {
  expect(verifyPage(aResult(), ctx).summary).toBe('Entries checked: 1,542, in 2.5 seconds, asked for by jane');
});

it('names kind, place and time of every break, and links to entries that exist', () => {
  const missing = { seq: 90, id: null, kind: 'gap', detail: 'y', received_at: null };
  const { breaks, verdict } = verifyPage(aResult({ verdict: 'broken', broken: [aBreak, missing] }), ctx);
  expect(verdict?.code).toBe('broken');
  expect(breaks.map(({ seq, kind, href, received }) => [seq, kind, href, received?.utc])).toEqual([
    ['88', 'Content mismatch', '/entries/e-88', '2026-11-20 00:00:00.000 UTC'],
    ['90', 'Gap', null, undefined],
  ]);
});

it('counts breaks that it does not draw', () => {
  const page = verifyPage(
    aResult({ verdict: 'broken', broken: Array.from({ length: 501 }, () => aBreak), broken_count: 2000 }),
    ctx,
  );
  expect(page.breaks).toHaveLength(500);
  expect(page.moreBreaks).toMatch(/^And 1,500 more/);
});

it('never calls it proof when nothing was checked', () => {
  expect(verifyPage(aResult({ scanned: 0 }), ctx).verdict?.meaning).toMatch(/Nothing was checked/);
});

it('shows a verdict that it does not know as one that proves nothing', () => {
  expect(verifyPage(aResult({ verdict: 'fine' }), ctx).verdict?.code).toBe('cannot_tell');
});

it('has only the button before the first run', () => {
  expect(verifyPage(null, ctx)).toMatchObject({ verdict: null, ledgers: [], breaks: [], formAction: '/verify' });
});
