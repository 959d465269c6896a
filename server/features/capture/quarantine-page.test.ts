import { aPageContext } from '../../testing/an-entry-view';
import { quarantinePage } from './quarantine-page';

const aRow = {
  id: 1,
  bridge_name: 'billing',
  event_id: 'evt-1',
  reason: 'duplicate_key',
  detail: 'd',
  item: '{"a":1,"a":2}',
  received_at: 1_795_233_600_000,
};

it('shows an item as it came, with a member named twice', () => {
  expect(quarantinePage([aRow], { total: 1, newer: 0 }, aPageContext()).rows[0]).toMatchObject({
    reason: 'A name occurs twice',
    item: '{"a":1,"a":2}',
    size: '13 characters',
  });
});

it('shows what it does not know as it is', () => {
  const [row] = quarantinePage(
    [{ ...aRow, bridge_name: null, event_id: null, reason: 'new_reason', item: 'x\u0000' }],
    { total: 1, newer: 0 },
    aPageContext(),
  ).rows;
  expect(row).toMatchObject({ bridge: 'Unknown bridge', reason: 'new_reason', eventId: '', item: 'x⟨U+0000⟩' });
});

it('cuts an item that would fill the page', () => {
  expect(
    quarantinePage([{ ...aRow, item: 'x'.repeat(1_000_000) }], { total: 1, newer: 0 }, aPageContext()).rows[0]?.item,
  ).toHaveLength(20_001);
});

it.each([
  [
    { total: 1, newer: 0 },
    { count: 'In quarantine: 1', firstHref: null, nextHref: null },
  ],
  [
    { total: 1_234, newer: 0 },
    { count: 'Showing 1–1 of 1,234', firstHref: null, nextHref: '/quarantine?before=1' },
  ],
  [
    { total: 3, newer: 2 },
    { count: 'Showing 3–3 of 3', firstHref: '/quarantine', nextHref: null },
  ],
])('says how much there is and leads on: %j', (place, page) => {
  expect(quarantinePage([aRow], place, aPageContext())).toMatchObject(page);
});
