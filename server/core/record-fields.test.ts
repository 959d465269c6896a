import { anEvent, aPlace } from '../testing/builders';
import { readVectors } from '../testing/vectors';
import { ALL_ACTIONS } from './action-catalogue';
import { readRecordFields, type RecordFields } from './record-fields';
import { parseRecord, sealEvent } from './sealed-record';

const SALTS = Buffer.alloc(64, 7);
const GOLDEN = readVectors<unknown, { readonly record: string }>('record');

/** The same fields the slow way. */
function parsedFields(text: string): RecordFields {
  const record = parseRecord(text);
  if (!record) throw new Error('not a record');
  const { action, category, client, commitments, epoch, format, id, ledger, outcome, seq, severity, subjects, target, tenant, via } = record; // prettier-ignore
  const { occurred_at, received_at, actor, source } = record;
  return {
    action, category, client, commitments, epoch, format, id, ledger, outcome, seq, severity, subjects, target, tenant, via, occurred_at, received_at,
    actor: { id: actor.id, type: actor.type },
    source: { bridge: source.bridge, event_id: source.event_id, hook: source.hook, kind: source.kind, part: source.part, seq: source.seq },
  }; // prettier-ignore
}

function recordOf(event: Parameters<typeof anEvent>[0]): string {
  return sealEvent(anEvent(event), aPlace(), SALTS).record;
}

const LOOK_ALIKE =
  'x","client":"6","commitments":{"actor":null,"subject":null},"epoch":"1","format":"sealtrail/1","id":"';

describe('readRecordFields', () => {
  it.each(GOLDEN)('reads the golden record $name as parsing does', ({ result }) => {
    expect(readRecordFields(result.record)).toEqual(parsedFields(result.record));
  });

  it('reads a record of every action as parsing does', () => {
    for (const { action } of ALL_ACTIONS) {
      const text = recordOf({ action, payload: { z: [{ 'a"b': null }, true, -1], a: '林 \\" 😀' } });
      expect(readRecordFields(text)).toEqual(parsedFields(text));
    }
  });

  it.each([
    ['in the payload', { payload: { userid: LOOK_ALIKE, nested: { client: '6', commitments: { actor: null } } } }],
    ['in a change', { changes: [{ field: 'status', before: LOOK_ALIKE, after: { client: '6', epoch: '9' } }] }],
    ['behind backslashes', { payload: { userid: '\\', id: '\\\\"},"subjects":{"actor":"x' } }],
  ])('is not led astray by what looks like a field %s', (_where, event) => {
    const text = recordOf(event);
    expect(readRecordFields(text)).toEqual(parsedFields(text));
  });

  it('leaves a field with an escape to the parser', () => {
    const text = recordOf({ target: { type: 'setting', id: 'a"b', label: null } });
    expect(readRecordFields(text)).toBeUndefined();
    expect(parsedFields(text).target.id).toBe('a"b');
  });

  it('says of an altered text what parsing says, or nothing', () => {
    const original = recordOf({ payload: { userid: 5, list: ['a', { b: 'c' }] } });
    const letters = [...'{}[]",:\\x0 ', 'null', '\u0000'];
    let read = 0;
    for (let at = 0; at < original.length; at += 1) {
      for (const letter of letters) {
        for (const end of [at, at + 1]) {
          const text = original.slice(0, at) + letter + original.slice(end);
          const fields = readRecordFields(text);
          // A text that is no JSON never has the right hash; of what is JSON every word must be the parser's.
          if (!fields || !parseRecord(text)) continue;
          read += 1;
          expect(fields).toEqual(parsedFields(text));
        }
      }
    }
    expect(read).toBeGreaterThan(1_000);
  });

  it.each(['', '{', 'null', '[]', '{"acting_as":', '{"acting_as":"', `{"acting_as":[[[`])(
    'reads nothing from %p',
    (text) => {
      expect(readRecordFields(text)).toBeUndefined();
    },
  );
});
