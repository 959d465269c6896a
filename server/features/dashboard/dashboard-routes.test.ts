import path from 'node:path';
import express from 'express';
import request from 'supertest';
import { CATEGORIES } from '../../core/event';
import type { Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { createI18n, createLanguageChoice, LANGUAGES } from '../../http/i18n';
import { createPageLocals } from '../../http/page-locals';
import { createUrlBuilder } from '../../http/url-builder';
import { PROGRAM_ROOT } from '../../root';
import { anEntryView } from '../../testing/an-entry-view';
import type { Viewer } from '../access/viewer';
import { createHelpService } from '../help/help-service';
import { createDashboardRoutes } from './dashboard-routes';
import { lastDays } from './local-days';

const HOSTILE = '"><script>alert(1)</script>\u202E<%= 1 %>';
const NOW = new Date('2026-11-21T04:00:00Z');
const ledger: Ledger = { id: 1, name: 'default', tenant: { id: 1, slug: 'default' } };

function createPages({ viewer = {}, basePath = '/' }: { viewer?: Partial<Viewer>; basePath?: string } = {}) {
  const asked: { filter?: unknown; days?: number; top?: number; of: string }[] = [];
  const help = createHelpService({ version: '0.1.0', manifest: {}, findSupportUrl: () => Promise.resolve('https://help.example/?q="x"') }); // prettier-ignore
  const hostile = anEntryView({ actor: { type: 'admin', id: HOSTILE, name: HOSTILE, role: null, acting_as: null }, target: { type: HOSTILE, id: HOSTILE, label: HOSTILE } }); // prettier-ignore
  const app = express();
  app.set('views', path.join(PROGRAM_ROOT, 'views')).set('view engine', 'ejs').set('query parser', 'simple');
  app.use(createLanguageChoice(createI18n()), createPageLocals({ url: createUrlBuilder(basePath) }));
  app.use((_req, res, next) => {
    res.locals['viewer'] = {
      name: '<script>alert(1)</script>',
      role: 'auditor',
      tenant: 'default',
      ...viewer,
    } satisfies Viewer;
    next();
  });
  app.use(
    createDashboardRoutes({
      dashboard: {
        read(_ledger, { days, top, timeZone }) {
          asked.push({ of: 'figures', days, top });
          const period = lastDays(NOW, timeZone, days);
          return Promise.resolve({
            total: 1542,
            critical: 1,
            today: 2,
            usual: 3,
            period,
            activity: {
              days: period.map(({ day }) => ({ day, categories: CATEGORIES.map((_, k) => k) })),
              hours: Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => ({ entries: 3, latest: 0 }))),
              severities: [1, 2, 3, 4],
            },
            actors: [{ side: 'actor', type: 'admin', id: HOSTILE, entries: 5, newest: hostile }],
            targets: [{ side: 'target', type: HOSTILE, id: HOSTILE, entries: 5, newest: null }],
          });
        },
        readState() {
          asked.push({ of: 'state' });
          const bridge = { id: 'b', tenantId: 1, name: HOSTILE, lastSeenAt: null, isSilent: true, isPaused: true, clockDriftMs: 0, outbox: null, gaps: 1, missing: 2 }; // prettier-ignore
          return Promise.resolve({ chain: { status: HOSTILE, at: null }, bridges: [bridge], index: 1, activity: 2, tree: 3, quarantined: 4, waiting: 5 }); // prettier-ignore
        },
      },
      browse: {
        findPage(_ledger, { filter }) {
          asked.push({ of: 'entries', filter });
          return Promise.resolve({ entries: [hostile], total: 1, totalIsExact: true, pages: 1, from: 1, to: 1, nextCursor: null, previousCursor: null }); // prettier-ignore
        },
      },
      help,
      findLedger: (tenant) => Promise.resolve(tenant === 'default' ? ledger : undefined),
      now: () => NOW,
    }),
  );
  const showCode: express.ErrorRequestHandler = (error, _req, res, next) =>
    error instanceof KnownError ? void res.status(error.status).send(error.code) : next(error);
  app.use(showCode);
  return { app, asked };
}

describe.each(LANGUAGES)('in %s', (language) => {
  it.each(['/', '/?days=90&top=30'])(
    '%s writes hostile values as text, without inline code or style',
    async (address) => {
      const { text } = await request(createPages().app)
        .get(address)
        .set('cookie', `sealtrail_lang=${language}`)
        .expect(200);
      const inline = /<script>|<img|<script(?! src=)|\sstyle=|\son[a-z]+\s*=\s*["'][^"']|<style|javascript:|\u202E/gi;
      const keys = /\b(?:dashboard|help|browse|entry|common|terms|errors):[a-z_]+/g;
      expect([...(text.match(inline) ?? []), ...(text.match(keys) ?? [])]).toEqual([]);
      expect(text).toContain(`<html lang="${language}">`);
    },
  );
});

describe('the address', () => {
  it.each([
    ['/', 30, 7],
    ['/?days=7&top=30', 7, 30],
    ['/?days=31&top=8', 30, 7],
    ['/?days=-1&top=x', 30, 7],
    ['/?days=90&days=7', 30, 7],
  ])('%s asks for %s days, and the most of %s', async (address, days, top) => {
    const { app, asked } = createPages();
    await request(app).get(address).expect(200);
    expect(asked[0]).toEqual({ of: 'figures', days, top });
  });
});

describe('somebody who may read only their own entries', () => {
  const viewer = { role: 'standard_user', name: 'jane', billing: { adminId: '7', role: 'Support' } } as const;

  it('gets those, and nobody’s figures', async () => {
    const { app, asked } = createPages({ viewer });
    const { text } = await request(app).get('/').expect(200);
    expect(asked).toMatchObject([{ of: 'entries', filter: { terms: { actor: { is: ['admin:7'], not: [] } } } }]);
    expect(text).not.toMatch(/1,542|dash-picture|dash-strip|dash-ranking|st-counters/);
    expect(text).toContain('href="/entries?actor=admin%3A7&amp;range=all"');
  });

  it('is one actor, whatever their name looks like', async () => {
    const { app, asked } = createPages({ viewer: { role: 'standard_user', name: 'x,admin:1,!' } });
    await request(app).get('/').expect(200);
    expect(asked).toMatchObject([{ filter: { terms: { actor: { is: ['admin:x,admin:1,!'] } } } }]);
  });

  it('is refused without that right too, and nothing is read', async () => {
    const { app, asked } = createPages({ viewer: { rights: ['settings.read'] } });
    expect((await request(app).get('/').expect(403)).text).toBe('missing_scope');
    expect(asked).toEqual([]);
  });
});

it('writes no address itself, so that the pages can live under another', async () => {
  const { app } = createPages({ basePath: '/admin/sealtrail' });
  for (const address of ['/', '/?days=7']) {
    const { text } = await request(app).get(address).expect(200);
    const addresses = [...text.matchAll(/(?:href|src|action|data-waiting)="([^"]*)"/g)].map(([, value]) => value ?? '');
    expect(addresses.filter((value) => !/^(\/admin\/sealtrail\/|#|https:\/\/)/.test(value))).toEqual([]);
  }
});
