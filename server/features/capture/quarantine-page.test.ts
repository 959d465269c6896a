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
  expect(quarantinePage([aRow], aPageContext()).rows[0]).toMatchObject({
    reason: 'A name occurs twice',
    item: '{"a":1,"a":2}',
    size: '13 characters',
  });
});

it('shows what it does not know as it is', () => {
  const [row] = quarantinePage(
    [{ ...aRow, bridge_name: null, event_id: null, reason: 'new_reason', item: 'x\u0000' }],
    aPageContext(),
  ).rows;
  expect(row).toMatchObject({ bridge: 'Unknown bridge', reason: 'new_reason', eventId: '', item: 'x⟨U+0000⟩' });
});

it('cuts an item that would fill the page', () => {
  expect(quarantinePage([{ ...aRow, item: 'x'.repeat(1_000_000) }], aPageContext()).rows[0]?.item).toHaveLength(20_001);
});
