import { aPageContext, anEntryView } from '../../testing/an-entry-view';
import { entryLine, sentenceOf } from './entry-line-page';
import { entryPage, type EntrySurroundings } from './entry-page';
import { makePlace, readPlace } from './list-place';

const ctx = aPageContext();
const link = (name: string, value: string) => `?${name}=${value}`;

describe('sentenceOf', () => {
  it.each([
    ['en', 'jane.doe changed the nameservers of example.com'],
    ['zh-CN', 'jane.doe更改了example.com的域名服务器'],
    ['zh-TW', 'jane.doe變更了example.com的名稱伺服器'],
  ] as const)('reads by itself in %s', (lng, expected) => {
    expect(sentenceOf(anEntryView(), aPageContext({ lng }))).toBe(expected);
  });

  it('says what has no name by type and number', () => {
    const entry = anEntryView({
      action: 'invoice.deleted',
      actor: { type: 'admin', id: '7', name: null, role: null, acting_as: null },
      target: { type: 'invoice', id: '123', label: null },
    });
    expect(sentenceOf(entry, ctx)).toBe('Admin #7 deleted invoice #123');
  });

  it('falls back to the label without a target, and to the code for an unknown action', () => {
    const target = { type: 'invoice', id: null, label: null };
    expect(sentenceOf(anEntryView({ action: 'invoice.deleted', target }), ctx)).toBe('Invoice deleted, by jane.doe');
    expect(sentenceOf(anEntryView({ action: 'new.thing' }), ctx)).toBe('new.thing: example.com, by jane.doe');
  });

  it.each([
    ['audit.login_failed', 'unknown', null, 'Audit log sign-in failed'],
    ['audit.checkpoint_published', 'system', 'Sealtrail', 'Checkpoint published'],
    ['audit.login', 'admin', 'jane', 'jane signed in to the audit log'],
    ['audit.exported', 'admin', 'jane', 'Audit log exported, by jane'],
  ])('reads as a sentence without a target: %s', (action, type, name, expected) => {
    const actor = { type, id: type === 'admin' ? '7' : null, name, role: null, acting_as: null };
    const target = { type: 'audit_user', id: null, label: null };
    const outcome = action === 'audit.login_failed' ? 'failure' : 'success';
    expect(sentenceOf(anEntryView({ action, actor, target, outcome }), ctx)).toBe(expected);
  });

  it('quotes a line of the activity log, which is a sentence of its own', () => {
    const source = { ...anEntryView().source, kind: 'activity' };
    const target = { type: 'admin', id: null, label: 'Failed Admin Login Attempt - Username: jane' };
    const actor = { type: 'unknown', id: null, name: null, role: null, acting_as: null };
    const failed = anEntryView({ action: 'admin.login_failed', outcome: 'failure', actor, target, source });
    expect(sentenceOf(failed, ctx)).toBe('Admin sign-in failed: Failed Admin Login Attempt - Username: jane');
    expect(sentenceOf(failed, aPageContext({ lng: 'zh-TW' }))).toMatch(/：Failed Admin Login Attempt/);
  });

  it('says that an attempt failed, unless the action itself is the failure', () => {
    expect(sentenceOf(anEntryView({ outcome: 'failure' }), ctx)).toMatch(/example\.com – failed$/);
    expect(sentenceOf(anEntryView({ outcome: 'denied' }), ctx)).toMatch(/– denied$/);
    const failed = anEntryView({ action: 'domain.renewal_failed', outcome: 'failure' });
    expect(sentenceOf(failed, ctx)).toBe('Renewal of example.com failed');
  });

  it('takes no part of a name for a command or a value to fill in', () => {
    const actor = { type: 'admin', id: '7', name: '$t(errors:not_found) {{target}}', role: null, acting_as: null };
    expect(sentenceOf(anEntryView({ actor }), ctx)).toBe(
      '$t(errors:not_found) {{target}} changed the nameservers of example.com',
    );
  });
});

describe('entryLine', () => {
  it('makes each value a filter', () => {
    const line = entryLine(anEntryView(), ctx, link);
    expect([
      line.severity.href,
      line.category.href,
      line.action.href,
      line.actor.href,
      line.target.href,
      line.ip?.href,
    ]).toEqual([
      '?severity=warning',
      '?category=domains',
      '?action=domain.nameservers_changed',
      '?actor=admin:7',
      '?target=domain:12',
      '?ip=203.0.113.42',
    ]);
  });

  it('quotes a value in which a list would find two', () => {
    const line = entryLine(
      anEntryView({ actor: { type: 'admin', id: '7,8', name: 'x', role: null, acting_as: null } }),
      ctx,
      link,
    );
    expect(line.actor.href).toBe('?actor="admin:7,8"');
  });
});

describe('entryPage', () => {
  const facts = (entry = anEntryView(), context = ctx) =>
    entryPage(entry, context).sections.flatMap((section) => section.facts.map(({ label, text }) => [label, text]));

  it('tells who, target, request and integrity in that order, with whole hashes to copy', () => {
    const page = entryPage(anEntryView(), ctx);
    expect(page.sections.map(({ title }) => title)).toEqual(['Who', 'On what', 'Request', 'Source']);
    const hash = page.integrity.facts.find(({ label }) => label === 'Hash');
    expect([hash?.text, hash?.copy]).toEqual([`${'b'.repeat(14)}…${'b'.repeat(8)}`, 'b'.repeat(64)]);
  });

  it('says which values are erased', () => {
    const erased = ['actor.name', 'ip', 'user_agent', 'target.label', 'reason', 'changes', 'source.payload'];
    const entry = anEntryView({
      actor: { type: 'admin', id: '7', name: null, role: null, acting_as: null },
      target: { type: 'domain', id: '12', label: null },
      ip: null,
      user_agent: null,
      changes: [],
      source: { ...anEntryView().source, payload: {} },
      erased,
      erasures: [
        { seq: 90, at: '2026-11-22T23:30:00.000Z', fields: erased.slice(0, 3) },
        { seq: 91, at: '2026-11-22T23:30:00.000Z', fields: erased.slice(3) },
      ],
    });
    const page = entryPage(entry, ctx);
    expect(page.erasedNote).toMatch(/name, IP address, browser/);
    expect(page.changesNote).toMatch(/erased/);
    expect(page.changesErased).toEqual({ text: '(erased on Nov 23, 2026)', href: '/entries/91' });
    expect(page.payloadNote).toMatch(/erased/);
    // The reader is in Berlin, where the next day has begun.
    const gone = page.sections.flatMap((section) =>
      section.facts.filter(({ text }) => text === '(erased on Nov 23, 2026)'),
    );
    expect(gone.map(({ href }) => href)).toEqual([90, 91, 91, 90, 90].map((seq) => `/entries/${seq}`));
    expect(page.erasures.map(({ href }) => href)).toEqual(['/entries/90', '/entries/91']);
  });

  it('says that changes were erased also where others are left', () => {
    const erasures = [{ seq: 90, at: '2026-11-22T12:00:00.000Z', fields: ['changes', 'source.payload'] }];
    const page = entryPage(anEntryView({ erased: ['changes', 'source.payload'], erasures }), ctx);
    expect([page.changesNote, page.changes.length]).toEqual([expect.stringMatching(/erased/), 1]);
    expect([page.payloadNote, page.payload]).toEqual([expect.stringMatching(/erased/), expect.stringContaining('domainid')]); // prettier-ignore
  });

  it('warns where the seal does not fit or cannot be checked', () => {
    const note = (status: 'valid' | 'broken' | 'unverifiable') =>
      entryPage(anEntryView({ integrity: { ...anEntryView().integrity, status } }), ctx).brokenNote;
    expect(note('valid')).toBe('');
    expect(note('broken')).toMatch(/does not fit its seal/);
    expect(note('unverifiable')).toMatch(/cannot be checked/);
  });

  it('shows the payload with its own names', () => {
    const source = { ...anEntryView().source, payload: { userid: '5', 字段: null, big: '12345678901234567890' } };
    expect(JSON.parse(entryPage(anEntryView({ source }), aPageContext({ lng: 'zh-CN' })).payload)).toEqual(
      source.payload,
    );
  });

  it('copies the payload as it was, and shows what it hides', () => {
    const source = { ...anEntryView().source, payload: { name: 'a\u202eb' } };
    const page = entryPage(anEntryView({ source }), ctx);
    expect(JSON.parse(page.payloadCopy)).toEqual(source.payload);
    expect(page.payload).toContain('a⟨U+202E⟩b');
  });

  it('leads to the timelines of account, record and client', () => {
    const { sections, ways } = entryPage(anEntryView(), ctx);
    const found = sections.flatMap((section) => section.facts.flatMap(({ timelineHref }) => timelineHref ?? []));
    expect(found).toEqual(['/timeline?actor=admin%3A7', '/timeline?target=domain%3A12', '/timeline?client=5']);
    expect(ways.map(({ href }) => href)).toEqual(expect.arrayContaining(found));
  });

  it('offers no timeline of what cannot be named in an address', () => {
    const entry = anEntryView({
      actor: { type: 'admin', id: '7,8', name: 'x', role: null, acting_as: null },
      target: { type: 'domain', id: null, label: 'x' },
      client: null,
    });
    const { sections } = entryPage(entry, ctx);
    expect(sections.flatMap(({ facts }) => facts.filter((fact) => fact.timelineHref !== null))).toEqual([]);
  });

  describe('with its surroundings', () => {
    const other = (seq: number) => anEntryView({ seq, target: { type: 'domain', id: '9', label: `d${seq}.example` } });
    const surroundings = (over: Partial<EntrySurroundings> = {}): EntrySurroundings => ({
      place: makePlace('/entries', { category: 'domains', cursor: 'c' }),
      neighbours: { previous: other(43), next: null },
      related: [
        { relation: 'target', entries: [other(41), other(43)], filter: { target: 'domain:9' }, window: null },
        { relation: 'session', entries: [other(40)], filter: null, window: 100 },
      ],
      cover: { size: 1234, signedAt: Date.UTC(2026, 10, 21, 2) },
      mayVerify: true,
      ...over,
    });

    it('leads on within the list that the reader came from, and back to it', () => {
      const page = entryPage(anEntryView(), ctx, surroundings());
      expect(page.listHref).toBe('/entries?category=domains&cursor=c');
      expect(page.previous?.sentence).toMatch(/d43\.example/);
      const previous = new URL(page.previous?.href ?? '', 'http://x');
      expect(readPlace(previous.searchParams.get('list'))).toEqual(surroundings().place);
      expect(page.next).toBeNull();
      // What is sent to a colleague is the entry, not the list.
      expect(page.ownHref).toBe(`/entries/${anEntryView().id}`);
    });

    it('groups what is related, newest first, each with the log that holds all of it', () => {
      const [target, session] = entryPage(anEntryView(), ctx, surroundings()).related;
      expect(target?.lines.map(({ seq, side }) => [seq, side])).toEqual([['43', 'after'], ['41', 'before']]); // prettier-ignore
      expect([target?.all?.href, target?.note]).toEqual(['/entries?target=domain%3A9&range=all', '']);
      expect([session?.all, session?.note]).toEqual([null, expect.stringMatching(/among the 100 entries/)]);
    });

    it('tells which checkpoint covers it, and since when', () => {
      const { integrity } = entryPage(anEntryView(), ctx, surroundings());
      expect(integrity.cover).toBe('Covered since Nov 21, 2026, 03:00:00 (Europe/Berlin) by the signed checkpoint of 1,234 entries'); // prettier-ignore
      expect(entryPage(anEntryView(), ctx, surroundings({ cover: null })).integrity).toMatchObject({
        isCovered: false,
        cover: expect.stringMatching(/No signed checkpoint/) as string,
      });
    });

    it('offers verification and proof to those alone who may have them', () => {
      const { integrity } = entryPage(anEntryView(), ctx, surroundings());
      expect([integrity.verifyAction, integrity.proofHref]).toEqual(
        ['verify', 'proof'].map((what) => `/entries/${anEntryView().id}/${what}`),
      );
      expect(entryPage(anEntryView(), ctx, surroundings({ mayVerify: false })).integrity).toMatchObject({
        verifyAction: null,
        proofHref: null,
      });
    });
  });

  it('tells of a delay of seconds, not of milliseconds', () => {
    const delay = (skew: number) =>
      facts(anEntryView({ source: { ...anEntryView().source, skew_ms: skew } })).find(
        ([label]) => label === 'Delay',
      )?.[1];
    expect(delay(999)).toBeUndefined();
    expect(delay(75_000)).toBe('received 75 seconds after it happened');
    expect(delay(-75_000)).toBe('received 75 seconds before it happened: the two clocks differ');
    expect(delay(119 * 60_000)).toBe('received 119 minutes after it happened');
    expect(delay(700_252_000)).toBe('received 8 days after it happened');
  });
});
