import { benchItem } from '../../bench/bench-events';
import { packDelivery, unpackDelivery } from './packed-delivery';
import { prepareDelivery } from './prepare-delivery';

function prepare(items: readonly unknown[]) {
  const times = { sentAt: '2026-11-21T01:02:03.000Z', receivedAt: '2026-11-21T01:02:04.000Z' };
  const addressing = { trustedProxies: [], ipMode: 'full', ipSalt: '' } as const;
  const body = Buffer.from(JSON.stringify({ events: items }));
  return prepareDelivery({ body, bridge: 'b', tenant: 'default', ledger: 'default/1', addressing, ...times });
}

describe('packDelivery', () => {
  it('comes out of another thread as it went in', () => {
    const nobody = { ...benchItem(3, Date.now()), actor: null, request: null };
    const inTwoParts = {
      ...benchItem(2, Date.now()),
      before: { userid: 2, status: 'Active' },
      params: { userid: 2, status: 'Closed' },
    };
    const items = [...Array.from({ length: 16 }, (_, n) => benchItem(n, Date.now())), nobody, inTwoParts, { id: 'x' }];
    const prepared = prepare(items);
    if (!prepared.ok) throw new Error(prepared.detail);
    expect(prepared.append).toHaveLength(18);
    expect(prepared.append.some((item) => item.entries.length > 1)).toBe(true);
    expect(prepared.aside).toHaveLength(1);
    expect(unpackDelivery(structuredClone(packDelivery(prepared)))).toEqual(prepared);
  });

  it('brings a refusal of the whole delivery across', () => {
    const refused = prepare(Array.from({ length: 1_001 }, () => ({})));
    expect(refused.ok).toBe(false);
    expect(unpackDelivery(structuredClone(packDelivery(refused)))).toEqual(refused);
  });
});
