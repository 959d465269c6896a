import { activeHolds, holdEventOf, matchesHold, scopeFromJson, scopeToJson, type HoldScope } from './legal-hold';
import type { StoredEntry } from './stored-entry';

const NOTHING: HoldScope = { client: null, target: null, actor: null, after: null, before: null };
const ENTRY = { clientId: '5', targetType: 'invoice', targetId: '12', actorType: 'admin', actorId: '7', occurredAt: 1_000 } as StoredEntry; // prettier-ignore

describe('a legal hold', () => {
  it.each<[string, Partial<HoldScope>, boolean]>([
    ['its client', { client: '5' }, true],
    ['another client', { client: '50' }, false],
    ['its target', { target: 'invoice:12' }, true],
    ['a target of another type', { target: 'ticket:12' }, false],
    ['its actor', { actor: 'admin:7' }, true],
    ['another actor', { actor: 'admin:8' }, false],
    ['a time from its moment on', { after: 1_000 }, true],
    ['a time behind it', { after: 1_001 }, false],
    ['a time that ends at its moment', { before: 1_000 }, false],
    ['a time that ends behind it', { before: 1_001 }, true],
    ['all of that', { client: '5', target: 'invoice:12', actor: 'admin:7', after: 0, before: 2_000 }, true],
    ['all of that but one', { client: '5', target: 'invoice:13', actor: 'admin:7' }, false],
  ])('by %s', (_what, scope, matches) => {
    expect(matchesHold({ ...NOTHING, ...scope }, ENTRY)).toBe(matches);
  });

  it('does not take a missing id for the word null', () => {
    expect(matchesHold({ ...NOTHING, actor: 'unknown:null' }, { ...ENTRY, actorType: 'unknown', actorId: null })).toBe(false); // prettier-ignore
  });

  it('is written and read back', () => {
    const scope = { ...NOTHING, client: '5', after: 1_000 };
    expect(scopeToJson(scope)).toEqual({ actor: null, after: '1970-01-01T00:00:01.000Z', before: null, client: '5', target: null }); // prettier-ignore
    expect(scopeFromJson(scopeToJson(scope))).toEqual(scope);
  });

  it.each([[null], ['x'], [[]], [{}], [scopeToJson(NOTHING)], [{ ...scopeToJson(NOTHING), client: 5 }], [{ ...scopeToJson(NOTHING), after: 'soon' }]])(
    'is none: %j', (json) => {
      expect(scopeFromJson(json)).toBeUndefined();
    },
  ); // prettier-ignore

  it('is in force from its placing to its release', () => {
    const scope = { ...NOTHING, client: '5' };
    const placed = (hold: string) => holdEventOf('audit.hold_placed', { hold, scope: scopeToJson(scope) });
    const events = [placed('a'), placed('b'), holdEventOf('audit.hold_released', { hold: 'a' })];
    expect([...activeHolds(events.flatMap((event) => event ?? []))]).toEqual([['b', scope]]);
    expect(holdEventOf('audit.hold_placed', { hold: 'c', scope: null })).toBeUndefined();
    expect(holdEventOf('audit.pruned', { hold: 'c', scope: scopeToJson(scope) })).toBeUndefined();
  });
});
