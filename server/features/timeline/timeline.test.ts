import path from 'node:path';
import express from 'express';
import request from 'supertest';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { createErrorHandler } from '../../http/error-handler';
import { createI18n, createLanguageChoice } from '../../http/i18n';
import { createPageLocals } from '../../http/page-locals';
import { createUrlBuilder } from '../../http/url-builder';
import { PROGRAM_ROOT } from '../../root';
import { anEntryView } from '../../testing/an-entry-view';
import type { Role } from '../access/rights';
import type { BrowseService, EntryView } from '../browse/browse-service';
import { createTimelineRoutes } from './timeline-routes';
import { createTimelineService } from './timeline-service';
import pino from 'pino';

const ledger: Ledger = { id: 1, name: 'default', tenant: { id: 1, slug: 'default' } };
const HOSTILE = '<script>alert(1)</script>';

const at = (seq: number, occurredAt: string, over: Partial<EntryView> = {}) =>
  anEntryView({ seq, occurred_at: occurredAt, received_at: occurredAt, ...over });
const nameserver = (before: string, after: string) => [{ field: 'ns1', before, after }];
const ENTRIES = [
  at(20, '2026-11-20T09:00:00.000Z', { changes: nameserver('stolen.example', 'c.example') }),
  at(15, '2026-11-18T23:30:00.000Z', { changes: nameserver('a.example', HOSTILE) }),
  at(12, '2026-11-18T09:00:00.000Z', {
    changes: [{ field: 'password', before: '[redacted]', after: '[redacted:changed]' }],
  }),
];

function createPages(entries: readonly EntryView[] = ENTRIES, role: Role = 'auditor') {
  const asked: unknown[] = [];
  const inTime = (filter: { after: number | null; before: number | null }) =>
    entries.filter(({ occurred_at }) => {
      const ms = Date.parse(occurred_at);
      return ms >= (filter.after ?? 0) && ms < (filter.before ?? Infinity);
    });
  const browse = {
    findPage: (_ledger: Ledger, page: { filter: { after: number | null; before: number | null } }) => {
      asked.push(page);
      const found = inTime(page.filter);
      const [from, to] = found.length === 0 ? [0, 0] : [1, found.length];
      return Promise.resolve({ entries: found, total: found.length, totalIsExact: true, pages: 1, from, to, nextCursor: 'next-cursor', previousCursor: null }); // prettier-ignore
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async *streamEntries(_ledger: Ledger, filter: { after: number | null; before: number | null }) {
      yield inTime(filter);
    },
  } as unknown as BrowseService;
  const app = express();
  app.set('views', path.join(PROGRAM_ROOT, 'views')).set('view engine', 'ejs').set('query parser', 'simple');
  app.use(createLanguageChoice(createI18n()), createPageLocals({ url: createUrlBuilder('/') }));
  app.use((_req, res, next) => {
    res.locals.viewer = { name: 'jane', role, tenant: 'default' };
    next();
  });
  app.use(
    createTimelineRoutes({
      timelines: createTimelineService({ browse }),
      store: { findLedger: () => Promise.resolve(ledger) } as unknown as EntryStore,
      now: () => new Date('2026-11-21T04:00:00Z'),
    }),
    createErrorHandler(pino({ level: 'silent' })),
  );
  const get = (where: string, zone = 'Europe/Berlin') =>
    request(app)
      .get(where)
      .set('cookie', `sealtrail_tz=${encodeURIComponent(zone)}`);
  return { get, asked };
}

const { get } = createPages();

describe('a timeline', () => {
  it('groups by the day of the reader, with the changed fields', async () => {
    const { text } = await get('/timeline?target=domain:12');
    expect(text).toContain('Timeline of example.com (Domain #12)');
    const days = [...text.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, day]) => day);
    expect(days).toEqual(['Friday, November 20, 2026', 'Thursday, November 19, 2026', 'Wednesday, November 18, 2026']);
    expect(text).toMatch(/<del>.*a\.example<\/del>/);
    expect(text).toContain('(changed, not shown)');
    expect(text).not.toContain(HOSTILE);
    expect(text).toContain('&lt;script&gt;');
    const utc = await get('/timeline?target=domain:12', 'UTC');
    expect([...utc.text.matchAll(/<h3>/g)]).toHaveLength(2);
  });

  it.each([
    ['client=5', { client: { is: ['5'], not: [] } }],
    ['actor=admin:7', { actor: { is: ['admin:7'], not: [] } }],
    [
      'target=domain:12&category=domains',
      { target: { is: ['domain:12'], not: [] }, category: { is: ['domains'], not: [] } },
    ],
  ])('searches for %s', async (query, terms) => {
    const { get, asked } = createPages();
    expect((await get(`/timeline?${query}`)).status).toBe(200);
    expect(asked).toMatchObject([{ filter: { terms, after: null, before: null }, sort: '-seq', perPage: 50 }]);
  });

  it.each([
    ['', '-seq', { after: null, before: Date.parse('2026-11-18T23:00:00Z') }],
    ['&order=oldest', 'seq', { after: Date.parse('2026-11-17T23:00:00Z'), before: null }],
  ])('goes to a day of the reader%s', async (order, sort, bounds) => {
    const { get, asked } = createPages();
    await get(`/timeline?target=domain:12&day=2026-11-18${order}`);
    expect(asked).toMatchObject([{ sort, filter: bounds }]);
  });

  it('keeps subject, category, order and moment in every link, and its place in the address of an entry', async () => {
    const { text } = await get('/timeline?target=domain:12&category=domains&order=oldest&at=2026-11-19T10:00:00Z');
    const next = /rel="next" href="([^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
    expect(Object.fromEntries(new URL(next ?? '', 'http://x').searchParams)).toEqual({
      target: 'domain:12',
      category: 'domains',
      order: 'oldest',
      at: '2026-11-19T10:00:00Z',
      cursor: 'next-cursor',
    });
    expect(text).toMatch(/href="\/entries\/[^"?]*\?list=%2Ftimeline%3Ftarget/);
  });

  it.each([
    ['day=yesterday', 'Write a day as', 'yesterday'],
    ['day=2026-02-30', 'Write a day as', '2026-02-30'],
    ['at=soon', 'Write a date and a time', 'soon'],
    ['at=2026-11-21T25:00', 'Write a date and a time', '2026-11-21T25:00'],
  ])('tells beside the field what is wrong with %s, and keeps it', async (query, problem, value) => {
    const answer = await get(`/timeline?target=domain:12&${query}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(problem);
    expect(answer.text).toContain(`value="${value}"`);
    expect(answer.text).toContain('stolen.example');
  });

  it('says so where nothing was recorded', async () => {
    expect((await createPages([]).get('/timeline?target=invoice:77')).text).toContain(
      'Nothing was recorded about this yet',
    );
  });

  it('is not for those who may read their own entries alone', async () => {
    expect((await createPages(ENTRIES, 'standard_user').get('/timeline?client=5')).status).toBe(403);
  });
});

describe('without a subject', () => {
  it('asks for one', async () => {
    const answer = await get('/timeline');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('name="thing"');
    expect(answer.text).not.toContain('role="alert"');
  });

  it.each([
    ['thing=invoice&id=5', 'target=invoice%3A5'],
    ['thing=client&id=%2312', 'client=12'],
    ['thing=by_admin&id=7', 'actor=admin%3A7'],
  ])('leads from %s to its address', async (query, address) => {
    const answer = await get(`/timeline?${query}`);
    expect([answer.status, answer.headers['location']]).toEqual([303, `/timeline?${address}`]);
  });

  it.each([
    'target=invoice',
    'target=a,b',
    'client=!5',
    'actor=7',
    'target=invoice:5&client=5',
    'thing=invoice&id=5,6',
    'thing=<b>&id=1',
  ])('refuses %s and keeps what was typed', async (query) => {
    const answer = await get(`/timeline?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('There is no such timeline');
    if (query.includes('5,6')) expect(answer.text).toContain('value="5,6"');
  });
});

describe('the state', () => {
  const stateOf = async (query: string) => {
    const { text } = await get(`/timeline?target=domain:12&${query}`);
    return text.slice(text.indexOf('id="state"'));
  };

  it('is that of now unless a moment is chosen', async () => {
    const state = await stateOf('');
    expect(state).toContain('State at Nov 21, 2026, 05:00:00 (Europe/Berlin)');
    expect(state).toMatch(/ns1[\s\S]*c\.example[\s\S]*since Nov 20, 2026[\s\S]*Entry 20/);
    expect(state).toContain('(set, not shown)');
  });

  it('reports what was changed outside of the log', async () => {
    const state = await stateOf('');
    expect(state).toContain('Changed outside of what was logged, between entry 15 and entry 20.');
    expect(state).toContain('before entry 20 it was “stolen.example”');
    expect(await stateOf('at=2026-11-19T20:00')).toContain('cannot be told');
    expect(await stateOf('at=2026-11-18T12:00')).not.toContain('Changed outside');
  });

  it('takes a minute of the reader to its end, and an exact moment as it is', async () => {
    // Entry 12 happened at 10:00:00.000 in Berlin.
    const changed = 'since Nov 18, 2026, 10:00:00';
    expect(await stateOf('at=2026-11-18T09:59')).not.toContain(changed);
    for (const moment of ['2026-11-18T10:00', '2026-11-18T09:00:00.000Z', '2026-11-18'])
      expect(await stateOf(`at=${moment}`)).toContain(changed);
  });

  it('says what is known of the time before the first change', async () => {
    expect(await stateOf('at=2026-11-01')).toMatch(/a\.example[\s\S]*as it was before Nov 19, 2026/);
  });

  it('is not told of what an account did', async () => {
    expect((await get('/timeline?actor=admin:7')).text).not.toContain('id="state"');
  });

  it('warns of entries that are not what was written, and of erased values', async () => {
    const broken = at(30, '2026-11-20T10:00:00.000Z', {
      changes: [],
      integrity: { ...anEntryView().integrity, status: 'broken' },
      erased: ['changes'],
    });
    const { text } = await createPages([broken, ...ENTRIES]).get('/timeline?target=domain:12');
    expect(text).toContain('Do not rely on what they say: 30.');
    expect(text).toContain('Values were erased from these entries; they may have set more than is shown: 30.');
  });
});
