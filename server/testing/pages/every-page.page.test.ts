import type { Page } from 'playwright-core';
import { LANGUAGES } from '../../http/i18n';
import { startTestPages, sideways, type TestPages, type Visitor } from '../visitor';
import { ALL_PAGES, nameOf } from './all-pages';
import { startEmptySite, startFullSite, withNewLink, type PagePlaces, type PageSite } from './page-site';
import { COLOURS, findAxeFaults } from './axe';

// Every page in every language, on an empty store and a full one, in both schemes, wide and on a phone: loaded once, looked at
// from all these sides.

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

let current: { pages: TestPages; places: PagePlaces };

describe.each([
  ['an empty store', startEmptySite],
  ['a full store', startFullSite],
])('on %s', (_what, start: () => Promise<PageSite>) => {
  let site: PageSite;

  beforeAll(async () => {
    site = await start();
    current = { pages: await startTestPages(site), places: site.places };
  });
  afterAll(async () => {
    await current?.pages.stop();
    await site?.site.stop();
  });

  describe.each(LANGUAGES)('in %s', (language) => {
    let reader: Visitor;
    let stranger: Visitor;

    beforeAll(async () => {
      current = { ...current, places: (await withNewLink(site)).places };
      const options = { language, viewport: WIDE, reducedMotion: 'reduce' } as const;
      [reader, stranger] = [
        await current.pages.open(options),
        await current.pages.open({ ...options, isStranger: true }),
      ];
    });
    afterAll(() => current?.pages.leave());

    const visits = ALL_PAGES.filter(({ isFragment }) => !isFragment).map((one) => [nameOf(one), one] as const);

    it.each(visits)('%s', async (_name, { at, status = 200, isPublic = false }) => {
      const where = at(current.places);
      if (where === undefined) return;
      const { page, complaints } = isPublic ? stranger : reader;
      const asked: string[] = [];
      const note = (request: { url(): string }) => asked.push(request.url());
      page.on('request', note);
      await page.setViewportSize(WIDE);
      await page.emulateMedia({ colorScheme: 'light' });
      const answer = await page.goto(`${current.pages.site.url}${where}`);
      await page.evaluate('document.fonts.ready');
      page.off('request', note);
      expect(answer?.status()).toBe(status);
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      expect(asked.filter((url) => !url.startsWith(`${current.pages.site.url}/`) && !url.startsWith('data:'))).toEqual(
        [],
      );
      // What is left is the bar's text, a pixel or two, and chance where a page is painted while it is still being read: what
      // jumps by its making does so each time. Browsers call 0.1 good.
      let shift = await shiftOf(page);
      if (shift >= 0.01) {
        await page.reload();
        shift = await shiftOf(page);
      }
      expect(shift).toBeLessThan(0.01);

      const faults = { wide: await findAxeFaults(page), wideDark: [''], phone: [''], phoneDark: [''] };
      await page.emulateMedia({ colorScheme: 'dark' });
      faults.wideDark = await findAxeFaults(page, COLOURS);
      await page.setViewportSize(PHONE);
      faults.phoneDark = await findAxeFaults(page, COLOURS);
      await page.emulateMedia({ colorScheme: 'light' });
      faults.phone = await findAxeFaults(page);
      expect(faults).toEqual({ wide: [], wideDark: [], phone: [], phoneDark: [] });
      expect(await sideways(page)).toBe(0);
      // A browser says of itself that a page was answered with an error, sometimes only when the next one is there.
      const refusals = ALL_PAGES.flatMap((one) =>
        one.status ? [`${current.pages.site.url}${one.at(current.places)}`] : [],
      );
      const others = complaints.splice(0).filter((line) => !refusals.some((url) => line.endsWith(` ${url}`)));
      expect(others).toEqual([]);
    });
  });
});

/** How much of a page has moved by itself since it was loaded: the sum that browsers call cumulative layout shift. */
function shiftOf(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value; })
      .observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum))));
  })`);
}
