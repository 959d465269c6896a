import { aPageContext } from '../../testing/an-entry-view';
import type { BridgeState } from '../monitor/bridge-watch-service';
import type { SystemState } from './dashboard-service';
import { stripItems } from './strip-page';

const ctx = aPageContext();
const NOW = ctx.now.getTime();
const aBridge = (over: Partial<BridgeState> = {}): BridgeState => ({ id: 'b', tenantId: 1, name: 'billing', lastSeenAt: NOW - 4_000, isSilent: false, isPaused: false, clockDriftMs: 0, outbox: null, gaps: 0, missing: 0, ...over }); // prettier-ignore
const items = (over: Partial<SystemState> = {}) => {
  const quiet = { chain: { status: 'intact', at: '2026-11-21T03:00:00.000Z' }, bridges: [aBridge()], index: 0, activity: 0, tree: 0, quarantined: 0, waiting: 0 }; // prettier-ignore
  return Object.fromEntries(stripItems({ ...quiet, ...over }, ctx).map((item) => [item.name, item]));
};

describe('the strip', () => {
  it.each([
    ['intact', '2026-11-21T03:00:00.000Z', 'good', 'Log intact'],
    ['broken', '2026-11-21T03:00:00.000Z', 'bad', 'Log broken'],
    ['cannot_tell', '2026-11-21T03:00:00.000Z', 'unsure', 'Log: cannot tell'],
    ['never_verified', null, 'unsure', 'Log never verified'],
  ])('says of a log that is %s what the latest verification said', (status, at, state, text) => {
    expect(items({ chain: { status, at } })['chain']).toMatchObject({ state, text, href: '/verify' });
  });

  it('says of each bridge when it was heard, what waits there and what is missing, the troubled ones first', () => {
    const outbox = { at: NOW, pending: 12, parked: 1, spooled: 0, oldestAt: NOW - 8 * 60_000 };
    const bridges = [aBridge(), aBridge({ name: 'a\u202Eb', isSilent: true, lastSeenAt: null, outbox, gaps: 2, missing: 7 })]; // prettier-ignore
    expect(items({ bridges })['bridges']).toMatchObject({
      state: 'bad',
      text: 'Something is wrong',
      details: [
        'a⟨U+202E⟩b: not heard yet, silent, 8 minutes behind with 12 items, open gaps: 2 (numbers missing: 7), held back: 1',
        'billing: last heard just now',
      ],
    });
  });

  it('names the first bridges and counts the others', () => {
    const bridges = Array.from({ length: 7 }, (_, i) => aBridge({ name: `b${i}` }));
    const { details, state } = items({ bridges })['bridges'] ?? { details: [] };
    expect([state, details.length, details.at(-1)]).toEqual(['good', 5, 'and 3 more']);
    expect(items({ bridges: [] })['bridges']).toMatchObject({ state: 'unsure', text: 'None is paired' });
  });

  it('tells a queue that works from one that is behind and from one that needs a person', () => {
    expect(items()['queue']).toMatchObject({ state: 'good', text: 'Up to date', details: [], href: null });
    expect(items({ index: 3 })['queue']).toMatchObject({ state: 'good', text: 'Keeping up', details: ['search index: 3 entries behind'] }); // prettier-ignore
    expect(items({ activity: 25_000 })['queue']).toMatchObject({ state: 'bad', text: 'Behind', details: ['these charts: 25,000 entries behind'] }); // prettier-ignore
    expect(items({ quarantined: 1 })['queue']).toMatchObject({ state: 'bad', text: 'Items in quarantine', href: '/quarantine' }); // prettier-ignore
  });
});
