import { stateAt, type StateStep } from './state-at';

const aStep = (seq: number, day: number, changes: StateStep['changes'], over: Partial<StateStep> = {}): StateStep => ({
  seq,
  eventId: `event-${seq}`,
  occurredAt: moment(day),
  targetType: 'domain',
  action: 'domain.nameservers_changed',
  outcome: 'success',
  changes,
  isErased: false,
  ...over,
});
const moment = (day: number) => `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z`;
const ns = (before: string | null, after: string | null) => [{ field: 'ns1', before, after }];
const values = (steps: readonly StateStep[], day: number) =>
  stateAt(steps, moment(day)).fields.map(({ field, value, known, source }) => [field, value, known, source.seq]);

describe('stateAt', () => {
  const history = [aStep(12, 3, ns('a', 'b')), aStep(15, 7, ns('b', 'c')), aStep(20, 9, ns('c', 'd'))];

  it.each([
    [2, [['ns1', 'a', 'before', 12]]],
    [3, [['ns1', 'b', 'set', 12]]],
    [8, [['ns1', 'c', 'set', 15]]],
    [30, [['ns1', 'd', 'set', 20]]],
  ])('tells value and entry on day %d', (day, expected) => {
    expect(values(history, day)).toEqual(expected);
  });

  it('goes by the time at which things happened, whatever order they arrived in', () => {
    const late = [aStep(12, 7, ns('b', 'c')), aStep(15, 3, ns('a', 'b'))];
    expect(values(late, 5)).toEqual([['ns1', 'b', 'set', 15]]);
    expect(values([...late].reverse(), 8)).toEqual([['ns1', 'c', 'set', 12]]);
    expect(stateAt(late, moment(9)).gaps).toEqual([]);
  });

  it('takes entries of one moment in their order in the chain', () => {
    expect(values([aStep(13, 3, ns('b', 'c')), aStep(12, 3, ns('a', 'b'))], 3)).toEqual([['ns1', 'c', 'set', 13]]);
  });

  it('leaves out what failed or was refused', () => {
    const steps = [
      aStep(1, 1, ns('a', 'b')),
      aStep(2, 2, ns('b', 'x'), { outcome: 'failure' }),
      aStep(3, 3, ns('b', 'y'), { outcome: 'denied' }),
    ];
    expect(values(steps, 9)).toEqual([['ns1', 'b', 'set', 1]]);
  });

  it('knows nothing of a field that no entry tells of', () => {
    expect(stateAt([], moment(1))).toEqual({ existence: null, fields: [], gaps: [], erased: [], unseen: [] });
  });

  describe('where two entries do not fit together', () => {
    const changedOutside = [aStep(12, 3, ns('a', 'b')), aStep(15, 7, ns('stolen', 'c'))];

    it('names the field, both values and both entries', () => {
      expect(stateAt(changedOutside, moment(9)).gaps).toEqual([
        {
          field: 'ns1',
          from: { seq: 12, at: moment(3), value: 'b' },
          to: { seq: 15, at: moment(7), value: 'stolen' },
          reason: 'outside',
          between: [],
          holdsMoment: false,
        },
      ]);
    });

    it('says that the moment itself lies in between', () => {
      const state = stateAt(changedOutside, moment(5));
      expect(state.fields).toMatchObject([{ value: 'b', source: { seq: 12 } }]);
      expect(state.gaps).toMatchObject([{ holdsMoment: true }]);
      expect(stateAt(changedOutside, moment(2)).gaps).toEqual([]);
    });

    it('does not speak of "outside" where an entry in between came without values', () => {
      const [first, last] = changedOutside as [StateStep, StateStep];
      const state = stateAt([first, aStep(13, 4, []), aStep(14, 5, [], { action: 'domain.viewed' }), last], moment(9));
      expect(state.gaps).toMatchObject([{ reason: 'unseen', between: [13] }]);
      expect(state.unseen).toEqual([{ seq: 13, at: moment(4) }]);
    });

    it('nor where values in between were erased', () => {
      const [first, last] = changedOutside as [StateStep, StateStep];
      const state = stateAt([first, aStep(13, 4, [], { isErased: true }), last], moment(9));
      expect(state.gaps).toMatchObject([{ reason: 'erased', between: [13] }]);
      expect(state.erased).toEqual([{ seq: 13, at: moment(4) }]);
    });

    it.each([
      ['1', true],
      [1, '1'],
      ['', null],
      ['[redacted:changed]', '[redacted]'],
      ['b', '[redacted]'],
    ])('takes %j and %j for no difference', (after, before) => {
      const steps = [
        aStep(1, 1, [{ field: 'f', before: 'x', after }]),
        aStep(2, 2, [{ field: 'f', before, after: 'z' }, { field: 'g', before: 1, after: 2 }]), // prettier-ignore
      ];
      expect(stateAt(steps, moment(3)).gaps).toEqual([]);
    });

    it('takes no value before for "not told", unless another field of the entry has one', () => {
      const told = (before: string | null) => [
        aStep(1, 1, ns('a', 'b')),
        aStep(2, 2, [{ field: 'ns1', before: null, after: 'c' }, { field: 'ns2', before, after: 'y' }]), // prettier-ignore
      ];
      expect(stateAt(told(null), moment(3)).gaps).toEqual([]);
      expect(stateAt(told('x'), moment(3)).gaps).toMatchObject([{ field: 'ns1', to: { seq: 2, value: null } }]);
    });
  });

  describe('where a change is told twice', () => {
    const first = aStep(12, 3, ns('a', 'b'));
    const later = (minutes: number) => new Date(Date.parse(moment(3)) + minutes * 60_000).toISOString();

    it.each([
      ['by two parts of one item', { eventId: 'event-12' }],
      ['by the hook and the row behind it', { occurredAt: later(59) }],
    ])('%s, it is one', (_how, over) => {
      const state = stateAt([first, aStep(13, 3, ns('a', 'b'), over)], moment(9));
      expect(state).toMatchObject({ gaps: [], fields: [{ value: 'b', source: { seq: 12 } }] });
    });

    it('long after, it was turned back in between', () => {
      const again = aStep(13, 3, ns('a', 'b'), { occurredAt: later(61) });
      expect(stateAt([first, again], moment(9)).gaps).toMatchObject([{ from: { value: 'b' }, to: { value: 'a' } }]);
    });

    it('with another result, it is another', () => {
      const other = aStep(13, 3, ns('a', 'c'), { occurredAt: later(1) });
      expect(stateAt([first, other], moment(9)).gaps).toHaveLength(1);
    });
  });

  it('takes no field of what was added to a thing for one of its own', () => {
    const amount = [{ field: 'amount', before: null, after: '50.00' }];
    for (const action of ['credit.added', 'domain.note_added']) expect(stateAt([aStep(1, 1, amount, { action })], moment(2)).fields).toEqual([]); // prettier-ignore
    expect(stateAt([aStep(1, 1, amount, { action: 'domain.added' })], moment(2)).existence?.kind).toBe('created');
  });

  it('begins and ends with the thing itself', () => {
    const created = aStep(1, 1, ns(null, 'a'), { action: 'domain.created' });
    const deleted = aStep(5, 5, ns('a', null), { action: 'domain.deleted' });
    const again = aStep(7, 7, ns(null, 'z'), { action: 'domain.created' });
    const steps = [created, deleted, again];
    expect(stateAt(steps, moment(0)).existence).toBeNull();
    expect(stateAt(steps, moment(3)).existence).toEqual({ kind: 'created', source: { seq: 1, at: moment(1) } });
    expect(stateAt(steps, moment(6))).toMatchObject({
      existence: { kind: 'deleted', source: { seq: 5 } },
      fields: [{ field: 'ns1', value: 'a', source: { seq: 1 } }],
    });
    expect(stateAt(steps, moment(8))).toMatchObject({
      existence: { kind: 'created', source: { seq: 7 } },
      fields: [{ field: 'ns1', value: 'z' }],
      gaps: [],
    });
  });

  it('knows of a secret that it was changed, and never which it is', () => {
    const steps = [aStep(1, 1, [{ field: 'password', before: '[redacted]', after: '[redacted:changed]' }])];
    expect(stateAt(steps, moment(2)).fields).toMatchObject([{ field: 'password', isSecret: true, known: 'set' }]);
  });

  it('takes a field called __proto__ for a field', () => {
    const [field] = stateAt([aStep(1, 1, [{ field: '__proto__', before: 'a', after: 'b' }])], moment(2)).fields;
    expect(field).toMatchObject({ field: '__proto__', value: 'b' });
  });
});
