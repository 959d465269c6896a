import { randomBytes } from 'node:crypto';
import type { AppliedErasure } from '../../core/erasure-cover';
import type { StoredEntry } from '../../core/stored-entry';
import { sealEvent } from '../../core/sealed-record';
import { anActor, anEvent, aPlace, type EventOptions } from '../../testing/builders';
import { viewEntry } from './entry-view';

const NAMES = { tenant: 'default', ledger: 'default' };

function aRow(options: EventOptions = {}, parts: Partial<StoredEntry> = {}): StoredEntry {
  const event = anEvent(options);
  const place = aPlace();
  const sealed = sealEvent(event, place, randomBytes(64));
  return {
    ledgerId: 1, seq: place.seq, id: place.id, tenantId: 1, eventId: event.source.eventId, part: 0, epoch: 1, occurredAt: Date.parse(event.occurredAt), receivedAt: Date.parse(place.receivedAt),
    category: event.category, severity: event.severity, action: event.action, outcome: event.outcome, actorType: event.actor.type, actorId: event.actor.id, targetType: event.target.type,
    targetId: event.target.id, clientId: event.client, via: event.via, hook: event.source.hook, prevHash: '0'.repeat(64), hash: 'a'.repeat(64), record: sealed.record,
    digest: null, actorSalt: sealed.actorValues?.salt ?? null, actorBody: sealed.actorValues?.body ?? null, subjectSalt: sealed.subjectValues?.salt ?? null, subjectBody: sealed.subjectValues?.body ?? null,
    ...parts,
  }; // prettier-ignore
}

const personal: EventOptions = {
  action: 'client.updated',
  actor: anActor({ name: 'Jane', actingAs: 'client:5' }),
  client: '5',
  target: { type: 'client', id: '5', label: 'Max Mustermann' },
  reason: 'asked by phone',
  changes: [
    { field: 'email', before: 'old@example.com', after: 'new@example.com' },
    { field: 'currency', before: '1', after: '2' },
  ],
  payload: { userid: 5, email: 'new@example.com' },
};

describe('an entry to read', () => {
  it('joins the sealed record and the values beside it', () => {
    const view = viewEntry(aRow(personal), NAMES, 'valid');
    expect(view).toMatchObject({
      seq: 2,
      tenant: 'default',
      action: 'client.updated',
      actor: { type: 'admin', id: '7', name: 'Jane', role: 'Full Administrator', acting_as: 'client:5' },
      target: { type: 'client', id: '5', label: 'Max Mustermann' },
      client: '5',
      ip: '203.0.113.42',
      user_agent: 'Mozilla/5.0',
      reason: 'asked by phone',
      source: { payload: { userid: 5, email: 'new@example.com' }, skew_ms: 1544 },
      integrity: { prev_hash: '0'.repeat(64), hash: 'a'.repeat(64), epoch: 1, status: 'valid' },
      erased: [],
    });
    expect([...view.changes].sort((a, b) => a.field.localeCompare(b.field))).toEqual([...(personal.changes ?? [])].sort((a, b) => a.field.localeCompare(b.field))); // prettier-ignore
  });

  it('tells the sealed time, not the time of a changed column', () => {
    const view = viewEntry(
      aRow({}, { occurredAt: 0, receivedAt: 0, severity: 'critical', action: 'client.deleted' }),
      NAMES,
      'broken',
    );
    expect(view).toMatchObject({
      occurred_at: '2026-11-21T01:02:03.456Z',
      received_at: '2026-11-21T01:02:05.000Z',
      action: 'invoice.paid',
    });
    expect(view.integrity.status).toBe('broken');
  });

  it('shows what the columns say where the record cannot be read', () => {
    const view = viewEntry(aRow({}, { record: 'not a record' }), NAMES, 'broken');
    expect(view).toMatchObject({
      action: 'invoice.paid',
      occurred_at: '2026-11-21T01:02:03.456Z',
      actor: { type: 'admin', id: '7', role: null },
      target: { type: 'invoice', id: '123' },
    });
  });

  const gone = { actorSalt: null, actorBody: null, subjectSalt: null, subjectBody: null };
  const erasureOf = (ref: string, seq: number): AppliedErasure => {
    const side = { erased: [[1, 9]] as const, altered: [] };
    return {
      ref,
      seq,
      id: 'e',
      at: '2026-11-22T01:02:03.456Z',
      isProven: true,
      actor: side,
      subject: side,
      digests: [],
    };
  };

  it('names what was erased, and by which entries, and shows null for it', () => {
    const view = viewEntry(aRow(personal, gone), NAMES, 'valid', [erasureOf('client:5', 20), erasureOf('admin:7', 21)]);
    expect(view).toMatchObject({
      actor: { id: '7', name: null },
      ip: null,
      user_agent: null,
      reason: null,
      target: { id: '5', label: null },
    });
    expect(view.changes.map((change) => change.field)).not.toContain('email');
    expect(view.erased).toEqual(
      expect.arrayContaining(['actor.name', 'ip', 'user_agent', 'target.label', 'reason', 'changes', 'source.payload']),
    );
    expect(view.erasures.map(({ seq, at, fields }) => [seq, at, fields[0]])).toEqual([
      [21, '2026-11-22T01:02:03.456Z', 'actor.name'],
      [20, '2026-11-22T01:02:03.456Z', 'target.label'],
    ]);
  });

  it('does not call erased what is only gone', () => {
    const view = viewEntry(aRow(personal, gone), NAMES, 'broken', [erasureOf('client:6', 20)]);
    expect(view).toMatchObject({ actor: { name: null }, erased: [], erasures: [] });
  });

  it('names nothing as erased that never was there', () => {
    const view = viewEntry(
      aRow({ target: { type: 'invoice', id: '1', label: null } }, { subjectSalt: null, subjectBody: null }),
      NAMES,
      'valid',
    );
    expect(view.erased).toEqual([]);
  });

  it.each(['{', 'null', '7', '"x"', '[]'])('can be looked at even when somebody wrote %s over its values', (body) => {
    expect(() => viewEntry(aRow(personal, { actorBody: body, subjectBody: body }), NAMES, 'broken')).not.toThrow();
  });

  it.each(['{}', '{"format":"sealtrail/1"}', '{"format":"sealtrail/1","actor":null}', '[]', ''])(
    'can be looked at even when somebody wrote %s over its record',
    (record) => {
      expect(() => viewEntry(aRow(personal, { record }), NAMES, 'broken')).not.toThrow();
    },
  );

  it.each([Number.NaN, 9e15, -9e15])('can be looked at even when its times are %d and its record is gone', (time) => {
    expect(() =>
      viewEntry(aRow({}, { record: '', occurredAt: time, receivedAt: time }), NAMES, 'broken'),
    ).not.toThrow();
  });
});
