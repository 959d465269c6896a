import { anEvent, aPlace } from '../testing/builders';
import { readVectors } from '../testing/vectors';
import { ALL_ACTIONS } from './action-catalogue';
import { readAsStored, readRecordFields, type RecordFields } from './record-fields';
import { parseRecord, sealEvent } from './sealed-record';
import type { StoredEntry } from './stored-entry';

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

describe('readAsStored', () => {
  const names = { ledger: 'default', tenant: 'default', tenantId: 1 };

  /** A row whose columns say what its record says. */
  function rowOf(record: string): StoredEntry {
    const { actor, target, source, ...fields } = parsedFields(record);
    return {
      ledgerId: 1, seq: Number(fields.seq), id: fields.id, tenantId: 1, eventId: source.event_id, part: Number(source.part), epoch: Number(fields.epoch),
      occurredAt: Date.parse(fields.occurred_at), receivedAt: Date.parse(fields.received_at), category: fields.category, severity: fields.severity,
      action: fields.action, outcome: fields.outcome, actorType: actor.type, actorId: actor.id, targetType: target.type, targetId: target.id,
      clientId: fields.client, via: fields.via, hook: source.hook, prevHash: '', hash: '', record, digest: null, actorSalt: null, actorBody: null,
      subjectSalt: null, subjectBody: null,
    }; // prettier-ignore
  }

  const COMPARED = [
    'seq', 'id', 'tenantId', 'eventId', 'part', 'epoch', 'occurredAt', 'receivedAt', 'category', 'severity', 'action', 'outcome', 'actorType', 'actorId',
    'targetType', 'targetId', 'clientId', 'via', 'hook',
  ] as const; // prettier-ignore

  it('reads what stands beside a record of every action, and of every golden record', () => {
    const texts = [...ALL_ACTIONS.map(({ action }) => recordOf({ action, payload: { z: [{ 'a"b': null }], a: '林 \\" 😀' } })), ...GOLDEN.map(({ result }) => result.record)]; // prettier-ignore
    let read = 0;
    for (const text of texts) {
      const { commitments, subjects, ledger, tenant } = parsedFields(text);
      const found = readAsStored(rowOf(text), { ...names, ledger, tenant });
      if (found) read += 1;
      expect(found ?? { commitments, subjects }).toEqual({ commitments, subjects });
    }
    // The others have an escape in a field.
    expect(read).toBeGreaterThan(texts.length - 10);
  });

  it.each(COMPARED)('reads nothing where %s says something else', (column) => {
    const row = rowOf(recordOf({ client: '5' }));
    expect(readAsStored(row, names)).toBeDefined();
    const stored = row[column];
    const others = typeof stored === 'number' ? [stored + 1, -stored - 1, 0.5, Number.NaN, stored + 86_400_000] : ['', 'x', `${stored}x`, `x${stored}`, stored === null ? 'null' : null, stored?.slice(1) ?? '"']; // prettier-ignore
    for (const other of others)
      expect([other, readAsStored({ ...row, [column]: other }, names)]).toEqual([other, undefined]);
  });

  it('reads nothing of another ledger or tenant', () => {
    const row = rowOf(recordOf({}));
    expect(readAsStored(row, { ...names, ledger: 'other' })).toBeUndefined();
    expect(readAsStored(row, { ...names, tenant: 'other' })).toBeUndefined();
  });

  it('does not take the members behind a value for a part of it, nor an escape for what it stands for', () => {
    const text = recordOf({ payload: { id: '7', role: null, type: 'admin' } });
    const row = rowOf(text);
    for (const column of ['action', 'actorId', 'eventId', 'targetId', 'via'] as const) {
      const start = text.indexOf(`"${row[column]}"`) + 1;
      for (let end = text.indexOf('"', start) + 1; end < text.length; end += 1)
        expect(readAsStored({ ...row, [column]: text.slice(start, end) }, names)).toBeUndefined();
    }
    const nested = recordOf({ payload: { k: 'v', payload: {}, severity: 'x' } });
    for (const column of ['seq', 'part', 'epoch'] as const) {
      const start = nested.indexOf(`"${column}":"`) + column.length + 4;
      for (let end = start; end < nested.length; end += 1)
        expect(readAsStored({ ...rowOf(nested), [column]: nested.slice(start, end) }, names)).toBeUndefined();
    }
    const escaped = recordOf({ target: { type: 'setting', id: 'a\\b', label: null } });
    expect(escaped).toContain('"a\\\\b"');
    for (const id of ['a\\b', 'a\\\\b'])
      expect(readAsStored({ ...rowOf(escaped), targetId: id }, names)).toBeUndefined();
  });

  it.each([0, 1, 951_782_399_999, 951_782_400_000, 1_709_164_800_000, 1_763_773_323_456, 4_102_444_799_999])(
    'reads the moment %d as parsing does, and no other',
    (ms) => {
      const text = recordOf({ occurredAt: new Date(ms).toISOString() });
      const row = rowOf(text);
      expect(row.occurredAt).toBe(ms);
      expect(readAsStored(row, names)).toBeDefined();
      for (const other of [ms + 1, ms - 1, ms + 1000, ms + 3_600_000, ms + 86_400_000]) expect(readAsStored({ ...row, occurredAt: other }, names)).toBeUndefined(); // prettier-ignore
    },
  );

  it.each([
    '2026-11-21T24:00:00.000Z',
    '2026-11-21T01:60:00.000Z',
    '2026-11-21T01:02:03Z',
    '2026-11-21T01:02:03.456+00:00',
    ' 026-11-21T01:02:03.456Z',
  ])('leaves the moment %j to the parser', (moment) => {
    const text = recordOf({}).replace(/"occurred_at":"[^"]*"/, `"occurred_at":"${moment}"`);
    const row = rowOf(text);
    const found = readAsStored({ ...row, occurredAt: Date.parse(moment) }, names);
    expect(found).toBeUndefined();
  });

  it('says of an altered text nothing that parsing does not say', () => {
    const original = recordOf({ payload: { userid: 5, list: ['a', { b: 'c' }] } });
    const row = rowOf(original);
    for (let at = 0; at < original.length; at += 1)
      for (const letter of ['{', '}', '"', ',', '\\', '0', 'null', '']) {
        const text = original.slice(0, at) + letter + original.slice(at + 1);
        const found = readAsStored({ ...row, record: text }, names);
        if (!found || !parseRecord(text)) continue;
        const { commitments, subjects } = parsedFields(text);
        expect(found).toEqual({ commitments, subjects });
        expect({ ...rowOf(text), record: original }).toEqual(row);
      }
  });
});
