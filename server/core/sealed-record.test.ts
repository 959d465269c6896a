import { anEvent, aPlace } from '../testing/builders';
import { readVectors } from '../testing/vectors';
import { ALL_ACTIONS } from './action-catalogue';
import { canonicalJson, CanonicalJsonError, type JsonValue } from './canonical-json';
import { commitTo, hashEntry } from './chain';
import type { AuditEvent } from './event';
import { parseRecord, sealEvent, type EntryPlace, type SealedRecord } from './sealed-record';

interface RecordInput {
  readonly event: AuditEvent;
  readonly place: EntryPlace;
  readonly salts: string;
  readonly key: string;
  readonly prev_hash: string;
}
interface RecordResult {
  readonly record: string;
  readonly actor_body: string | null;
  readonly subject_body: string | null;
  readonly hash: string;
}
const VECTORS = readVectors<RecordInput, RecordResult>('record');
const SALTS = Buffer.from(Array.from({ length: 64 }, (_, at) => at));

function recordOf(event: AuditEvent): SealedRecord {
  return parseRecord(sealEvent(event, aPlace(), SALTS).record) as SealedRecord;
}

describe('sealEvent', () => {
  it.each(VECTORS)('gives the golden record, bodies and hash of $name: $description', ({ input, result }) => {
    const sealed = sealEvent(input.event, input.place, Buffer.from(input.salts, 'hex'));
    expect(sealed.record).toBe(result.record);
    expect(sealed.actorValues?.body ?? null).toBe(result.actor_body);
    expect(sealed.subjectValues?.body ?? null).toBe(result.subject_body);
    const place = { ledger: input.place.ledger, seq: input.place.seq, prevHash: input.prev_hash };
    expect(hashEntry(Buffer.from(input.key, 'hex'), place, sealed.record)).toBe(result.hash);
  });

  it('writes a canonical text: read and written again it is the same bytes', () => {
    const { record } = sealEvent(anEvent({ payload: { ä: '😀', b: [1, { z: 1, a: 2 }] } }), aPlace(), SALTS);
    expect(canonicalJson(JSON.parse(record) as JsonValue)).toBe(record);
  });

  it('joins the record around epoch and sequence number to the same canonical text, for every action', () => {
    for (const { action } of ALL_ACTIONS) {
      const event = anEvent({
        action,
        payload: { z: 1, a: 'ä' },
        changes: [{ field: 'status', before: 1, after: null }],
      });
      const { record } = sealEvent(event, aPlace({ seq: 9007199254740991, epoch: 12 }), SALTS);
      expect(canonicalJson(JSON.parse(record) as JsonValue)).toBe(record);
    }
  });

  it('writes every number of its own as a text', () => {
    const record = recordOf(anEvent({ payload: {} }));
    expect(numbersIn(record as unknown as JsonValue)).toEqual([]);
    expect([record.seq, record.epoch, record.source.part, record.source.skew_ms]).toEqual(['2', '1', '0', '1544']);
  });

  it.each([0.1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])(
    'refuses an event with the number %s in it',
    (amount) => {
      expect(() => sealEvent(anEvent({ payload: { amount } }), aPlace(), SALTS)).toThrow(CanonicalJsonError);
      expect(() =>
        sealEvent(anEvent({ changes: [{ field: 'amount', before: amount, after: 1 }] }), aPlace(), SALTS),
      ).toThrow(CanonicalJsonError);
    },
  );

  it.each<[string, AuditEvent]>([
    ['a sealed value', anEvent({ payload: { status: '\ud800' } })],
    ['an erasable value', anEvent({ action: 'client.updated', payload: { email: '\ud800' } })],
    ['a name', anEvent({ actor: { type: 'admin', id: '7', name: 'x\udc00', role: null, actingAs: null } })],
  ])('refuses a lone surrogate in %s', (_name, event) => {
    expect(() => sealEvent(event, aPlace(), SALTS)).toThrow(CanonicalJsonError);
  });

  it('commits to the values that stand beside it, each side under a salt of its own', () => {
    const event = anEvent({ action: 'client.updated', client: '5', payload: { email: 'ada@example.org' } });
    const { record, actorValues, subjectValues } = sealEvent(event, aPlace(), SALTS);
    const { commitments } = JSON.parse(record) as SealedRecord;
    expect(actorValues?.salt).toBe(SALTS.subarray(0, 32).toString('hex'));
    expect(subjectValues?.salt).toBe(SALTS.subarray(32).toString('hex'));
    expect(commitments.actor).toBe(commitTo(SALTS.subarray(0, 32), 'admin:7', actorValues?.body ?? ''));
    expect(commitments.subject).toBe(commitTo(SALTS.subarray(32), 'client:5', subjectValues?.body ?? ''));
  });

  it('does not give away by equal commitments that two entries are about the same values', () => {
    const event = anEvent({ action: 'client.updated', client: '5', payload: { email: 'ada@example.org' } });
    const records = [SALTS, Buffer.alloc(64, 1)].map(
      (salts) => JSON.parse(sealEvent(event, aPlace(), salts).record) as SealedRecord,
    );
    expect(records[0]?.commitments.subject).not.toBe(records[1]?.commitments.subject);
  });

  it('keeps the record as it was when the erasable values are others: erasing them changes no byte but the commitment', () => {
    const seal = (email: string) =>
      sealEvent(
        anEvent({ action: 'client.updated', client: '5', payload: { email, status: 'Active' } }),
        aPlace(),
        SALTS,
      ).record;
    const blank = (record: string) => record.replace(/"subject":"[0-9a-f]{64}"/, '""');
    expect(blank(seal('a@example.org'))).toBe(blank(seal('b@example.org')));
  });

  it('writes what is missing as null, never leaves it out', () => {
    const event = anEvent({
      actor: { type: 'unknown', id: null, name: null, role: null, actingAs: null },
      ip: null,
      peer: null,
      whmcsIp: null,
      userAgent: null,
      via: null,
      script: null,
    });
    expect(recordOf(event)).toMatchObject({
      acting_as: null,
      client: null,
      via: null,
      actor: { id: null, role: null },
      commitments: { actor: null, subject: null },
      source: { script: null },
    });
  });

  it('states its place, so that a record read alone says where it belongs', () => {
    const place = aPlace({ tenant: 'acme', ledger: 'acme/financial', seq: 9007199254740991, epoch: 12 });
    const record = parseRecord(sealEvent(anEvent(), place, SALTS).record);
    expect(record).toMatchObject({
      id: place.id,
      tenant: 'acme',
      ledger: 'acme/financial',
      seq: '9007199254740991',
      epoch: '12',
      received_at: place.receivedAt,
    });
  });

  it('records the difference of the clocks, also a negative one, and corrects nothing', () => {
    const record = parseRecord(sealEvent(anEvent({ occurredAt: '2026-11-21T01:03:05.000Z' }), aPlace(), SALTS).record);
    expect(record).toMatchObject({
      occurred_at: '2026-11-21T01:03:05.000Z',
      received_at: '2026-11-21T01:02:05.000Z',
      source: { skew_ms: '-60000' },
    });
  });
});

describe('parseRecord', () => {
  it.each([
    '',
    '{',
    'null',
    '[]',
    '1',
    '"sealtrail/1"',
    '{}',
    '{"format":"sealtrail/2"}',
    '{"format":1}',
    '{"format":"sealtrail/1 "}',
  ])('says undefined for %j', (text) => {
    expect(parseRecord(text)).toBeUndefined();
  });
});

function numbersIn(value: JsonValue): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null
    ? Object.values(value as Record<string, JsonValue>).flatMap((inner) => numbersIn(inner))
    : [];
}
