import type { PurgeRequest } from '../../core/purge-request';
import { createI18n, LANGUAGES, type Language } from '../../http/i18n';
import type { PageContext } from '../../http/page-context';
import { createUrlBuilder } from '../../http/url-builder';
import { askPage, dangerPage, purgeNotice, requestPage, type AskFacts, type RequestFacts } from './danger-page';
import { PURGE_REFUSALS } from './purge-service';

const i18n = createI18n();
const NOW = new Date('2026-11-21T12:00:00.000Z');
const context = (lng: Language = 'en'): PageContext => ({ t: i18n.translator(lng), lng, timeZone: 'UTC', now: NOW, url: createUrlBuilder('/') }); // prettier-ignore

const PLAN = {
  entries: 12_480,
  through: 12_544,
  firstReceivedAt: 0,
  lastReceivedAt: 86_400_000,
  held: [],
  incomplete: 0,
};
const TERMS = { delayMs: 86_400_000, others: [{ ref: 'admin:joe', name: 'joe' }] };
const ASK: AskFacts = { kind: 'purge', plan: PLAN, total: 13_000, terms: TERMS, until: '', keepsArchive: true, anchors: 0, problem: null }; // prettier-ignore
const REQUEST: PurgeRequest = {
  id: '0193b2e4-7c11-7d3a-9f00-1a2b3c4d5e6f',
  seq: 13_001,
  kind: 'purge',
  requestedAt: NOW.getTime() - 3_600_000,
  requestedBy: { ref: 'admin:jane', name: 'jane\u202e' },
  via: 'ui',
  until: null,
  through: 12_544,
  entries: 12_480,
  delayMs: 86_400_000,
  needsSecond: true,
  keepsArchive: true,
  state: 'waiting',
  decidedBy: null,
  decidedAt: null,
  doneSeq: null,
};
const SHOWN: RequestFacts = { request: REQUEST, obstacles: ['delay', 'stale'], others: TERMS.others, job: undefined, certificates: [], refusal: null, isFramed: false, publicUrl: 'https://audit.example.org' }; // prettier-ignore

describe('step 1', () => {
  it('says what goes, what stays, how long it waits and who confirms', () => {
    const page = askPage(ASK, context());
    expect(page.facts.map(({ value }) => value)).toEqual([
      '12,480 entries',
      'Jan 1, 1970, 00:00:00 (UTC) to Jan 2, 1970, 00:00:00 (UTC)',
      '520 entries',
      '24 hours',
      'somebody other than you has to confirm it: joe',
    ]);
    expect([page.button, page.phrases, page.blocked]).toEqual(['Ask to delete 12,480 entries', ['DELETE 12,480 ENTRIES'], '']); // prettier-ignore
    expect(page.first.keepsArchive).toBe(true);
  });

  it('counts one entry as one, so that both phrases are the same', () => {
    const page = askPage({ ...ASK, plan: { ...PLAN, entries: 1 }, total: 1 }, context());
    expect(page.facts.filter(({ value }) => /entr/.test(value)).map(({ value }) => value)).toEqual(['1 entry', '0 entries']); // prettier-ignore
    expect([page.button, page.phrases]).toEqual(['Ask to delete 1 entry', ['DELETE 1 ENTRY']]);
  });

  it('offers the phrase of the reader and the one of the command line', () => {
    expect(askPage(ASK, context('zh-TW')).phrases).toEqual(['刪除12,480筆記錄', 'DELETE 12,480 ENTRIES']);
  });

  it.each([
    ['nothing', { plan: { ...PLAN, entries: 0 } }],
    ['held', { plan: { ...PLAN, held: ['h1'] } }],
    ['open', { problem: { reason: 'open' as const } }],
  ])('offers no form where %s keeps from it', (reason, change) => {
    const page = askPage({ ...ASK, ...change }, context());
    expect(page.blocked).toBe(i18n.translator('en')(`danger:refused.${reason}`));
  });

  it('stands an uninstall also where nothing can be deleted', () => {
    expect(askPage({ ...ASK, kind: 'uninstall', plan: { ...PLAN, entries: 0 } }, context()).blocked).toBe('');
  });
});

describe('step 2', () => {
  it('has no button while something is open, and says what', () => {
    const page = requestPage(SHOWN, context());
    expect(page.confirm).toBeNull();
    expect(page.checks.map(({ isOver }) => isOver)).toEqual([false, true, false]);
    expect(page.cancel?.button).toBe('Cancel this, delete nothing');
    expect(JSON.stringify(page)).not.toContain('\u202e');
  });

  it('says on its button what it does, once nothing is open', () => {
    expect(requestPage({ ...SHOWN, obstacles: [] }, context()).confirm).toMatchObject({ button: 'Delete 12,480 entries', entries: 12_480 }); // prettier-ignore
  });

  it('sends who looks at it in a frame to the page alone', () => {
    const page = requestPage({ ...SHOWN, isFramed: true, obstacles: ['framed'] }, context());
    expect([page.aloneHref, page.confirm]).toEqual([`https://audit.example.org/danger/requests/${REQUEST.id}`, null]);
  });

  it('offers to go on where it was confirmed and nothing is at it', () => {
    const confirmed = { ...REQUEST, state: 'confirmed' as const, decidedBy: { ref: 'admin:joe', name: 'joe' }, decidedAt: NOW.getTime() }; // prettier-ignore
    const page = requestPage({ ...SHOWN, request: confirmed, obstacles: [] }, context());
    expect([page.resume?.button, page.confirm, page.cancel, page.isActive]).toEqual([
      'Go on with it',
      null,
      null,
      false,
    ]);
  });
});

it('tells of what waits, and lists what was', () => {
  expect(purgeNotice(REQUEST, context()).text).toContain('Delete 12,480 entries. It can be confirmed from Nov 22, 2026, 11:00:00 (UTC) on'); // prettier-ignore
  const cancelled = { ...REQUEST, id: 'x', state: 'cancelled' as const };
  const page = dangerPage({ requests: [REQUEST, cancelled], mayErase: false, refusal: null }, context());
  expect([page.open?.state, page.past.map(({ state }) => state), page.erasureHref]).toEqual(['waits for its confirmation', ['cancelled'], null]); // prettier-ignore
});

it.each(LANGUAGES)('has a text for every refusal in %s', (lng) => {
  for (const reason of PURGE_REFUSALS)
    expect([reason, i18n.has(lng, `danger:refused.${reason}`)]).toEqual([reason, true]);
});
