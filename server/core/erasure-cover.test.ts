import { canonicalJson } from './canonical-json';
import {
  coverOf,
  createErasureCover,
  readErasure,
  scopePayload,
  type AppliedErasure,
  type ErasureScope,
} from './erasure-cover';
import { ownEvent } from './own-event';
import { parseRecord, sealEvent } from './sealed-record';
import type { StoredEntry } from './stored-entry';
import { hashEntry } from './chain';
import { checkSeal } from './verify';
import { anEvent, aPlace } from '../testing/builders';

const NONE = { erased: [], altered: [] };
const aScope = (parts: Partial<ErasureScope> = {}): ErasureScope => ({
  ref: 'client:5',
  actor: NONE,
  subject: { erased: [[1, 9]], altered: [] },
  digests: [],
  ...parts,
});
const anErasure = (parts: Partial<AppliedErasure> = {}): AppliedErasure => ({
  ...aScope(),
  seq: 20,
  id: 'e',
  at: '2026-11-21T01:02:03.456Z',
  isProven: true,
  ...parts,
});

function recordOf(payload: object, source: object = {}, seq = 20) {
  const event = ownEvent({ id: 'e', action: 'audit.erasure_applied', at: '2026-11-21T01:02:03.456Z', targetId: '5', payload: payload as never }); // prettier-ignore
  const sealed = sealEvent({ ...event, source: { ...event.source, ...source } }, aPlace({ seq }), Buffer.alloc(64));
  const record = parseRecord(sealed.record);
  if (!record) throw new Error('no record');
  return record;
}

describe('the entry of an erasure', () => {
  const scope = aScope({
    actor: { erased: [[2, 3]], altered: [[7, 7]] },
    subject: { erased: [[1, 9], [12, 12]], altered: [[4, 4]] },
    digests: [[15, 16]],
  }); // prettier-ignore

  it('says in its sealed record what was erased, so that it cannot be erased itself', () => {
    expect(readErasure(recordOf({ ...scopePayload(scope), ground: 'asked by mail' }), true)).toEqual({
      ...scope,
      seq: 20,
      id: 'e',
      at: '2026-11-21T01:02:03.456Z',
      isProven: true,
    });
  });

  it('says nothing of entries that come after it', () => {
    expect(readErasure(recordOf(scopePayload(aScope({ subject: { erased: [[1, 20]], altered: [] } }))), true)).toBeUndefined(); // prettier-ignore
  });

  it.each([
    ['no data subject', { ref: null }],
    ['no ranges of one side', { actor_ranges: 7 }],
    ['ranges in another form', { subject_ranges: '9-1' }],
  ])('is none with %s', (_name, wrong) => {
    expect(readErasure(recordOf({ ...scopePayload(scope), ...wrong }), true)).toBeUndefined();
  });

  it.each([{ kind: 'activity' as const }, { bridge: 'bridge-1' }])('is none when a bridge sent it (%j)', (source) => {
    expect(readErasure(recordOf(scopePayload(scope), source), true)).toBeUndefined();
  });
});

describe('what erasures cover', () => {
  const cover = (...erasures: AppliedErasure[]) =>
    // As another thread gets it.
    createErasureCover(structuredClone(coverOf(erasures)));

  it('is the values of one data subject, on the side and in the ranges named', () => {
    const found = cover(anErasure());
    expect(found.findSide('subject', 'client:5', 9)).toBe('erased');
    expect(found.findSide('subject', 'client:5', 10)).toBeUndefined();
    expect(found.findSide('actor', 'client:5', 9)).toBeUndefined();
    expect(found.findSide('subject', 'client:55', 9)).toBeUndefined();
  });

  it('adds up', () => {
    const found = cover(
      anErasure(),
      anErasure({ seq: 40, subject: { erased: [[5, 30]], altered: [] } }),
      anErasure({ ref: 'admin:7', actor: { erased: [[3, 3]], altered: [] }, subject: NONE }),
    );
    expect([1, 30, 31].map((seq) => found.findSide('subject', 'client:5', seq))).toEqual(['erased', 'erased', undefined]); // prettier-ignore
    expect(found.findSide('actor', 'admin:7', 3)).toBe('erased');
  });

  it('leaves altered what one erasure found altered, whatever another one covers', () => {
    const altered = anErasure({ subject: { erased: [[1, 3]], altered: [[4, 4]] } });
    expect(cover(altered, anErasure({ seq: 50 })).findSide('subject', 'client:5', 4)).toBe('altered');
  });

  it('is not proved by an entry that cannot be checked, unless another one can', () => {
    const unproven = anErasure({ isProven: false });
    expect(cover(unproven).findSide('subject', 'client:5', 4)).toBe('unproven');
    expect(cover(unproven, anErasure()).findSide('subject', 'client:5', 4)).toBe('erased');
  });

  it('takes digests with the values, and those of other parts of an item', () => {
    const found = cover(anErasure({ digests: [[15, 15]] }));
    const refs = { actor: 'admin:7', subject: 'client:5' };
    expect(found.findDigest(refs, 9)).toBe('erased');
    expect(found.findDigest({ ...refs, subject: 'client:6' }, 9)).toBeUndefined();
    expect(found.findDigest({ ...refs, subject: 'client:6' }, 15)).toBe('erased');
  });
});

describe('an entry whose values are gone', () => {
  const key = Buffer.alloc(32, 3);
  const NAMES = { ledger: 'default', tenant: 'default', tenantId: 1 };
  const event = anEvent({ client: '5', payload: { invoiceid: 123, email: 'jane@example.com' } });
  const place = aPlace({ seq: 7 });
  const sealed = sealEvent(event, place, Buffer.alloc(64, 9));
  const prevHash = 'a'.repeat(64);
  const entry: StoredEntry = {
    ledgerId: 1, seq: 7, id: place.id, tenantId: 1, eventId: event.source.eventId, part: 0, epoch: place.epoch, occurredAt: Date.parse(event.occurredAt),
    receivedAt: Date.parse(place.receivedAt), category: event.category, severity: event.severity, action: event.action, outcome: event.outcome, actorType: 'admin',
    actorId: '7', targetType: 'invoice', targetId: '123', clientId: '5', via: 'ui', hook: 'InvoicePaid', prevHash, record: sealed.record,
    hash: hashEntry(key, { ledger: 'default', seq: 7, prevHash }, sealed.record), digest: null,
    actorSalt: sealed.actorValues?.salt ?? null, actorBody: sealed.actorValues?.body ?? null, subjectSalt: null, subjectBody: null,
  }; // prettier-ignore
  const check = (over: Partial<StoredEntry>, ...erasures: AppliedErasure[]) =>
    checkSeal({ ...entry, ...over }, NAMES, key, createErasureCover(coverOf(erasures)));

  it('is whole where an erasure covers them', () => {
    expect(check({}, anErasure())).toEqual({ breaks: [], unverifiable: false });
  });

  it('is a break where none does', () => {
    expect(check({}).breaks).toMatchObject([{ kind: 'commitment', detail: expect.stringContaining('no entry says') }]);
    expect(check({ actorSalt: null, actorBody: null }, anErasure()).breaks).toMatchObject([
      { kind: 'commitment', detail: 'the values of the actor are gone, and no entry says that they were erased' },
    ]);
  });

  it('is a break where only the salt went, erasure or not', () => {
    const body = sealed.subjectValues?.body ?? '';
    expect(check({ subjectBody: body }, anErasure()).breaks).toMatchObject([
      { kind: 'commitment', detail: "the subject's salt is missing" },
    ]);
  });

  it('is a break where they were altered before they were erased', () => {
    const altered = anErasure({ subject: { erased: [], altered: [[7, 7]] } });
    expect(check({}, altered).breaks).toMatchObject([
      {
        kind: 'commitment',
        detail: 'the values of the subject, or the digest, were not what was sealed when they were erased',
      },
    ]);
  });

  it('is whole while they wait to go', () => {
    const { salt, body } = sealed.subjectValues ?? { salt: '', body: '' };
    expect(check({ subjectSalt: salt, subjectBody: body }, anErasure()).breaks).toEqual([]);
    expect(check({ subjectSalt: salt, subjectBody: canonicalJson({ label: 'x' }) }, anErasure()).breaks).toHaveLength(1); // prettier-ignore
  });

  it('cannot be told where the erasure cannot be checked', () => {
    expect(check({}, anErasure({ isProven: false }))).toEqual({ breaks: [], unverifiable: true });
  });
});
