import path from 'node:path';
import express from 'express';
import request from 'supertest';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { createI18n, createLanguageChoice, LANGUAGES } from '../../http/i18n';
import { createPageLocals } from '../../http/page-locals';
import { createUrlBuilder } from '../../http/url-builder';
import { PROGRAM_ROOT } from '../../root';
import { anEntryView } from '../../testing/an-entry-view';
import type { Role } from '../access/rights';
import type { Viewer } from '../access/viewer';
import type { SavedView, ViewsService } from '../views/views-service';
import { createBrowseRoutes } from './browse-routes';
import type { BrowseService, EntryView } from './browse-service';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onclick='x",
  '<%= 1 %>',
  '$t(errors:not_found)',
  'abc\u202Egpj',
  '𠮷'.repeat(300),
];
const ledger: Ledger = { id: 1, name: 'default', tenant: { id: 1, slug: 'default' } };

interface Asked {
  filter?: unknown;
  sort?: string;
  perPage?: number;
  cursor?: string | undefined;
  page?: number | undefined;
}

/** Somebody without saved views, who likes the list as it is unless told otherwise. */
const viewsOf = (preferences: Preferences, saved: readonly SavedView[] = []): ViewsService => ({
  list: () => Promise.resolve([...saved]),
  preferences: () => Promise.resolve(preferences),
  save: () => { throw new Error('not for the list'); }, // prettier-ignore
  change: () => { throw new Error('not for the list'); }, // prettier-ignore
  remove: () => { throw new Error('not for the list'); }, // prettier-ignore
  rememberView: () => { throw new Error('not for the list'); }, // prettier-ignore
  openWith: () => { throw new Error('not for the list'); }, // prettier-ignore
});

function createPages(
  entries: readonly EntryView[] = [anEntryView()],
  basePath = '/',
  views = viewsOf({ listView: null, defaultView: null }),
  role: Role = 'auditor',
) {
  const asked: Asked[] = [];
  const browse: BrowseService = {
    findPage: (_ledger, page) => {
      if (page.cursor === 'forged') return Promise.reject(new KnownError('bad_cursor', 'cursor: not one of ours'));
      asked.push(page);
      return Promise.resolve({
        entries,
        total: 1542,
        totalIsExact: true,
        pages: 78,
        from: 1,
        to: entries.length,
        nextCursor: 'n',
        previousCursor: null,
      });
    },
    findEntry: (_ledger, id) => Promise.resolve(entries.find((entry) => entry.id === id || String(entry.seq) === id)),
    readStats: () =>
      Promise.resolve({
        total: 1542,
        critical: 1,
        today: 2,
        timeZone: 'UTC',
        byCategory: {},
        bySeverity: {},
        days: [{ day: '2026-11-21', entries: 5, critical: 1 }],
        quarantined: 1,
      }),
    findNewer: (_ledger, _filter, seq) =>
      Promise.resolve({ seqs: entries.map((entry) => entry.seq).filter((one) => one > seq), head: 1542 }),
    viewRows: () => Promise.resolve([]),
    streamEntries: () => { throw new Error('not for pages'); }, // prettier-ignore
    streamStored: () => { throw new Error('not for pages'); }, // prettier-ignore
  };
  const viewer: Viewer = { name: HOSTILE[0] ?? '', role, tenant: 'default' };
  const app = express();
  app.set('views', path.join(PROGRAM_ROOT, 'views')).set('view engine', 'ejs').set('query parser', 'simple');
  app.use(createLanguageChoice(createI18n()), createPageLocals({ url: createUrlBuilder(basePath) }));
  app.use((_req, res, next) => {
    res.locals.viewer = viewer;
    next();
  });
  app.use(
    createBrowseRoutes({
      browse,
      views,
      findLedger: (tenant) => Promise.resolve(tenant === 'default' ? ledger : undefined),
      findPruned: (_ledger, seq) => Promise.resolve(seq === 300 ? PRUNED : undefined),
      related: { find: (_ledger, entry) => Promise.resolve([{ relation: 'actor', entries: [{ ...entry, seq: 43 }], filter: { actor: 'admin:7' }, window: null }]) }, // prettier-ignore
      findCover: () => Promise.resolve({ size: 50, signedAt: 0 }),
      proveEntry: (_ledger, seq) => Promise.resolve(seq < 100 ? 'c2sp.org/tlog-proof@v1\n' : undefined),
      now: () => new Date('2026-11-21T04:00:00Z'),
    }),
  );
  return { app, asked };
}

const PRUNED = { id: 'p-1', fromSeq: 257, toSeq: 512, entries: 256, days: 365, requestedBy: '<b>jane</b>', startedAt: 0, certificateSeq: 900 }; // prettier-ignore

const hostileEntries = HOSTILE.map((text, index) =>
  anEntryView({
    seq: index + 1,
    action: text,
    category: text,
    severity: text,
    outcome: text,
    actor: { type: text, id: text, name: text, role: text, acting_as: text },
    target: { type: text, id: text, label: text },
    client: text,
    ip: text,
    user_agent: text,
    via: text,
    reason: text,
    changes: [{ field: text, before: text, after: `${text} ${text}` }],
    source: {
      ...anEntryView().source,
      kind: text,
      hook: text,
      script: text,
      bridge: text,
      event_id: text,
      seq: text,
      payload: { [text]: text },
    },
    integrity: { ...anEntryView().integrity, status: 'broken' },
  }),
);

describe.each(LANGUAGES)('in %s', (language) => {
  it.each([
    '/entries',
    '/entries/1',
    '/entries/2?drawer=1',
    '/entries?q=%3Cscript%3Ealert(1)%3C/script%3E&category=%22%3E',
  ])('%s writes hostile values as text, without inline code or style', async (address) => {
    const { app } = createPages(hostileEntries);
    const { text, status } = await request(app).get(address).set('cookie', `sealtrail_lang=${language}`);
    expect([200, 400]).toContain(status);
    const inline = /<script>|<img|<script(?! src=)|\sstyle=|\son[a-z]+\s*=\s*["'][^"']|<style|javascript:|\u202E/gi;
    const keys = /(?<!\$t\()\b(?:browse|entry|common|terms|errors|actions|sentences):[a-z_]+/g;
    expect([...(text.match(inline) ?? []), ...(text.match(keys) ?? [])]).toEqual([]);
    if (!address.includes('drawer')) expect(text).toContain(`<html lang="${language}">`);
  });
});

type Preferences = Awaited<ReturnType<ViewsService['preferences']>>;

describe('the audit log', () => {
  it('searches the last 30 days unless the address says otherwise', async () => {
    const { app, asked } = createPages();
    const { text } = await request(app).get('/entries').expect(200);
    expect(asked[0]?.filter).toMatchObject({ after: Date.UTC(2026, 9, 23), before: null });
    expect(text).toContain('Last 30 days');
    await request(app).get('/entries?range=all').expect(200);
    expect(asked.at(-1)?.filter).toMatchObject({ after: null, before: null });
  });

  it('is shown as its reader likes it, unless the address says how', async () => {
    const { app, asked } = createPages(undefined, '/', viewsOf({ listView: 'per_page=100&columns=time.reason', defaultView: null })); // prettier-ignore
    const own = await request(app).get('/entries').expect(200);
    expect(asked[0]?.perPage).toBe(100);
    expect(own.text).toContain('data-is-short');
    expect([...own.text.matchAll(/<th scope="col" class="st-col-(\w+)"/g)].map(([, name]) => name)).toEqual(['time', 'what', 'reason']); // prettier-ignore
    const told = await request(app).get('/entries?view=default').expect(200);
    expect(asked.at(-1)?.perPage).toBe(20);
    expect(told.text).not.toContain('data-is-short');
  });

  it('opens with the saved view of one’s choice, where the address says nothing at all', async () => {
    const view: SavedView = { id: 'v1', name: 'x', query: 'severity=critical&range=7d&view=default', isShared: false, isOwn: true, ownerName: 'jane', isDefault: true }; // prettier-ignore
    const { app } = createPages(undefined, '/', viewsOf({ listView: null, defaultView: 'v1' }, [view]));
    const { headers } = await request(app).get('/entries').expect(303);
    expect(headers['location']).toBe('/entries?severity=critical&range=7d&view=default&saved=v1');
    await request(app).get('/entries?range=30d&view=default').expect(200);
  });

  it('tells how many came in since, and nothing else', async () => {
    const { app } = createPages([anEntryView({ seq: 44 }), anEntryView({ seq: 43 })]);
    const { body } = await request(app).get('/entries/new?after_seq=42&severity=warning').expect(200);
    expect(body).toEqual({ count: 2, text: '2 new' });
    expect((await request(app).get('/entries/new?after_seq=44')).body).toMatchObject({ count: 0 });
  });

  it('ticks every row of the page on request, for people without a script', async () => {
    const { app } = createPages();
    const { text } = await request(app).get('/entries?tick=page').expect(200);
    expect(text).toMatch(/name="entries" value="42"[^>]* checked/);
  });

  it('hands filter, order, size and cursor to the search', async () => {
    const { app, asked } = createPages();
    await request(app).get('/entries?severity=critical&sort=occurred_at&per_page=50&cursor=abc&page=3').expect(200);
    expect(asked[0]).toMatchObject({
      sort: 'occurred_at',
      perPage: 50,
      cursor: 'abc',
      filter: { terms: { severity: { is: ['critical'], not: [] } } },
    });
    expect(asked[0]?.page).toBeUndefined();
  });

  it.each(['per_page=1000', 'per_page=-1', 'sort=drop', 'page=0', 'page=1e9', 'page=x'])(
    'takes its own defaults for %s',
    async (query) => {
      const { app, asked } = createPages();
      await request(app).get(`/entries?${query}`).expect(200);
      expect(asked[0]).toMatchObject({ sort: '-seq', perPage: 20 });
      expect(asked[0]?.page).toBeUndefined();
    },
  );

  it('reads days in the zone of the reader', async () => {
    const { app, asked } = createPages();
    await request(app)
      .get('/entries?from=2026-11-21&to=2026-11-21')
      .set('cookie', 'sealtrail_tz=Asia%2FTaipei')
      .expect(200);
    expect(asked[0]?.filter).toMatchObject({ after: Date.UTC(2026, 10, 20, 16), before: Date.UTC(2026, 10, 21, 16) });
  });

  it.each([
    'severity=nope',
    'from=2026-02-30',
    'day=2026-02-30',
    'day=soon',
    'after=soon',
    'hash=xyz',
    'cursor=forged',
  ])('answers %s with 400 and the form as it was', async (query) => {
    const { app, asked } = createPages();
    const { text } = await request(app).get(`/entries?q=kept&${query}`).expect(400);
    expect(asked).toEqual([]);
    expect(text).toContain('value="kept"');
    expect(text).toContain('role="alert"');
  });
});

describe('the page of an entry', () => {
  it.each([
    ['/entries/42', {}, true],
    ['/entries/42?drawer=1', {}, false],
    ['/entries/42', { 'x-requested-with': 'drawer' }, false],
  ])('%s with %j is a whole page: %s', async (address, headers, isWhole) => {
    const { app } = createPages();
    const { text } = await request(app).get(address).set(headers).expect(200);
    expect(text).toContain('jane.doe changed the nameservers of example.com');
    expect(text.includes('<html')).toBe(isWhole);
  });

  it('keeps to the list that it was opened from', async () => {
    const { app, asked } = createPages();
    const list = encodeURIComponent('/entries?severity=critical&sort=seq&cursor=abc');
    const { text } = await request(app).get(`/entries/42?list=${list}`).expect(200);
    expect(asked).toHaveLength(2);
    for (const one of asked)
      expect(one).toMatchObject({ sort: 'seq', perPage: 1, filter: { terms: { severity: { is: ['critical'] } } } });
    expect(text).toMatch(
      /class="st-back"><a href="\/entries\?severity=critical&(amp;|#38;)?sort=seq&(amp;|#38;)?cursor=abc"/,
    );
    expect(text).toMatch(/rel="next" href="[^"]*list=%2Fentries%3Fseverity/);
  });

  it.each(['https://evil.example/', '//evil.example', '/entries?severity=nope', '/sign-out'])(
    'is shown all the same where the list is %s',
    async (list) => {
      const { text } = await request(createPages().app)
        .get(`/entries/42?list=${encodeURIComponent(list)}`)
        .expect(200);
      expect(text).not.toMatch(/(?:href|action)="[^"]*evil/);
      expect(text).toContain('<p class="st-back"><a href="/entries');
    },
  );

  it('shows what is related, and the checkpoint that covers it', async () => {
    const { text } = await request(createPages().app).get('/entries/42').expect(200);
    expect(text).toContain('By the same account');
    expect(text).toContain('by the signed checkpoint of 50 entries');
  });

  it('gives its proof as a file, to those who may have it', async () => {
    const { text, headers } = await request(createPages().app).get('/entries/42/proof').expect(200);
    expect(text).toBe('c2sp.org/tlog-proof@v1\n');
    expect(headers['content-disposition']).toBe('attachment; filename=sealtrail-default-42.tlog-proof');
    const { app } = createPages([anEntryView()], '/', undefined, 'standard_user');
    const showCode: express.ErrorRequestHandler = (error, _req, res, next) =>
      error instanceof KnownError ? void res.status(error.status).send(error.code) : next(error);
    app.use(showCode);
    expect((await request(app).get('/entries/42/proof').expect(403)).text).toBe('missing_scope');
    expect((await request(app).get('/entries/42').expect(200)).text).not.toContain('/proof"');
  });

  it('is not found for a number that nobody has', async () => {
    const { app } = createPages();
    const showCode: express.ErrorRequestHandler = (error, _req, res, next) =>
      error instanceof KnownError ? void res.status(error.status).send(error.code) : next(error);
    app.use(showCode);
    expect((await request(app).get('/entries/999').expect(404)).text).toBe('entry_not_found');
  });

  it('is said to be pruned, when and by which prune, for a number that was', async () => {
    const { text } = await request(createPages().app).get('/entries/300').expect(410);
    expect(text).toContain('Entry 300 was pruned');
    expect(text).toContain('256 entries from 257 to 512');
    expect(text).toContain('href="/entries/900"');
    expect(text).not.toContain('<b>jane');
  });
});

it('writes no address itself, so that the pages can live under another', async () => {
  const { app } = createPages([anEntryView()], '/admin/sealtrail');
  for (const address of ['/entries', '/entries/42']) {
    const { text } = await request(app).get(address).expect(200);
    const addresses = [...text.matchAll(/(?:href|src|action|data-waiting)="([^"]*)"/g)].map(([, value]) => value ?? '');
    expect(addresses.filter((value) => !value.startsWith('/admin/sealtrail/') && !value.startsWith('#'))).toEqual([]);
  }
});
