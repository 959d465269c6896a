import { codePhrase, decisionToJson, isPhrase, isSamePerson, PURGED, PURGE_REQUESTED, purgeRequests, UNINSTALLED, wishToJson, type PurgeFact, type PurgeWish } from './purge-request'; // prettier-ignore

const WISH: PurgeWish = {
  request: 'r1',
  ledger: 'default',
  kind: 'purge',
  by: 'jane',
  via: 'ui',
  until: null,
  through: 512,
  entries: 511,
  delayMs: 86_400_000,
  needsSecond: true,
  keepsArchive: true,
};
const AT = '2026-11-21T01:02:03.456Z';
let seq = 0;

function fact(payload: PurgeFact['payload'], id = 'jane', action = PURGE_REQUESTED): PurgeFact {
  seq += 1;
  return { seq, action, receivedAt: AT, actor: { type: 'admin', id }, payload };
}
const asked = (wish: Partial<PurgeWish> = {}) => fact(wishToJson({ ...WISH, ...wish }));
const decided = (step: 'confirmed' | 'cancelled', id = 'joe', request = 'r1') => fact(decisionToJson(request, 'default', step, id), id); // prettier-ignore
const done = (action = PURGED) => fact({ request: 'r1' }, 'joe', action);
const stateOf = (...facts: readonly PurgeFact[]) => purgeRequests(facts)[0]?.state;

describe('a request put together from the chain', () => {
  it('is what was asked for, by whom and when', () => {
    const [request] = purgeRequests([asked({ until: Date.parse('2026-01-01T00:00:00.000Z') })]);
    expect(request).toMatchObject({
      id: 'r1',
      kind: 'purge',
      requestedAt: Date.parse(AT),
      requestedBy: { ref: 'admin:jane', name: 'jane' },
      until: 1_767_225_600_000,
      through: 512,
      entries: 511,
      delayMs: 86_400_000,
      needsSecond: true,
      state: 'waiting',
    });
  });

  it('goes on as it was decided, once', () => {
    expect(stateOf(asked(), decided('confirmed'))).toBe('confirmed');
    expect(stateOf(asked(), decided('cancelled'), decided('confirmed'))).toBe('cancelled');
    expect(stateOf(asked(), decided('confirmed'), decided('cancelled'))).toBe('confirmed');
    expect(stateOf(asked(), decided('confirmed'), done())).toBe('done');
    expect(purgeRequests([asked(), decided('confirmed')])[0]?.decidedBy).toEqual({ ref: 'admin:joe', name: 'joe' });
  });

  it('is not done before it was confirmed, and an uninstall not before it says so', () => {
    expect(stateOf(asked(), done())).toBe('waiting');
    expect(stateOf(asked({ kind: 'uninstall' }), decided('confirmed'), done())).toBe('confirmed');
    expect(stateOf(asked({ kind: 'uninstall' }), decided('confirmed'), done(), done(UNINSTALLED))).toBe('done');
  });

  it('cannot be asked for a second time under its id', () => {
    const again = purgeRequests([asked(), asked({ delayMs: 1, needsSecond: false, entries: 1 })]);
    expect(again).toMatchObject([{ delayMs: 86_400_000, needsSecond: true, entries: 511, state: 'waiting' }]);
  });

  it.each([
    ['no kind', { kind: 'all' }],
    ['no number', { entries: 'many' }],
    ['no place', { through: null }],
    ['no delay', { delay_ms: 1.5 }],
    ['no time', { until: 'soon' }],
  ])('is none with %s', (_name, change) => {
    expect(purgeRequests([fact({ ...wishToJson(WISH), ...change })])).toEqual([]);
  });

  it('needs a second person and keeps its archive where it does not say otherwise', () => {
    const silent = Object.fromEntries(Object.entries(wishToJson(WISH)).filter(([name]) => name !== 'second_person' && name !== 'archive')); // prettier-ignore
    expect(purgeRequests([fact(silent)])).toMatchObject([{ needsSecond: true, keepsArchive: true }]);
  });

  it('is none that was only decided on', () => {
    expect(purgeRequests([decided('confirmed'), done()])).toEqual([]);
  });
});

describe('a phrase', () => {
  it('names the number, in a text that is the same everywhere', () => {
    expect(codePhrase('purge', 12_480)).toBe('DELETE 12,480 ENTRIES');
    expect(codePhrase('purge', 1)).toBe('DELETE 1 ENTRY');
    expect(codePhrase('uninstall', 0)).toBe('UNINSTALL AND DELETE 0 ENTRIES');
  });

  it.each(['DELETE 12,480 ENTRIES', ' DELETE  12480 ENTRIES ', 'DELETE 12.480 ENTRIES', '刪除１２，４８０筆記錄', '刪除 12480 筆記錄'])('is taken as %j', (typed) => {
    expect(isPhrase(typed, ['DELETE 12,480 ENTRIES', '刪除12,480筆記錄'])).toBe(true);
  }); // prettier-ignore

  it.each(['', 'DELETE', 'delete 12,480 entries', 'DELETE 12,481 ENTRIES', 'DELETE 124 80 ENTRIES!'])('is not taken as %j', (typed) => {
    expect(isPhrase(typed, ['DELETE 12,480 ENTRIES', '刪除12,480筆記錄'])).toBe(false);
  }); // prettier-ignore
});

it('knows a person by number and by name', () => {
  const jane = { ref: 'admin:jane', name: 'jane' };
  expect(isSamePerson(jane, { ref: 'admin:jane', name: 'x' })).toBe(true);
  expect(isSamePerson(jane, { ref: 'admin:7', name: ' JANE' })).toBe(true);
  expect(isSamePerson(jane, { ref: 'admin:joe', name: 'joe' })).toBe(false);
});
