import type { Page } from 'playwright-core';
import { sideways, startTestPages, type TestPages } from '../visitor';
import { ALL_PAGES, nameOf } from './all-pages';
import { COLOURS, findAxeFaults } from './axe';
import { startFullSite, type PageSite } from './page-site';

// What a page hides at first: menus, lists of choices, tables behind charts, the drawer, the keys.

let place: PageSite;
let pages: TestPages;

beforeAll(async () => {
  place = await startFullSite();
  pages = await startTestPages(place);
});
afterAll(async () => {
  await pages?.stop();
  await place?.site.stop();
});
afterEach(() => pages?.leave());

async function faultsIn(page: Page, within?: string): Promise<Record<string, string[]>> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await findAxeFaults(page, {}, within);
  await page.emulateMedia({ colorScheme: 'dark' });
  return { light, dark: await findAxeFaults(page, COLOURS, within) };
}

const FOLDED = 'main details:not(.st-menu)';
const NONE = { light: [], dark: [] };
const visits = ALL_PAGES.filter(({ isFragment, isPublic }) => !isFragment && !isPublic).map((one) => [nameOf(one), one] as const); // prettier-ignore

describe('what is folded', () => {
  it.each(visits)('%s', async (_name, one) => {
    const where = one.at(place.places);
    if (where === undefined) return;
    const page = await pages.openAt(where);
    // A page without any was looked at as it is, with all the others.
    if ((await page.locator(FOLDED).count()) === 0) return;
    await page.evaluate(`document.querySelectorAll('${FOLDED}').forEach((one) => { one.open = true; })`);
    expect(await faultsIn(page)).toEqual(NONE);
    expect(await sideways(page)).toBe(0);
  });

  it.each(['/entries', '/', `/timeline?client=101`])('each menu of %s, one at a time', async (where) => {
    const page = await pages.openAt(where);
    await page.evaluate('document.querySelectorAll("details.st-more").forEach((one) => { one.open = true; })');
    const menus = page.locator('details.st-menu:visible');
    const count = await menus.count();
    expect(count).toBeGreaterThan(1);
    for (let at = 0; at < count; at += 1) {
      const summary = menus.nth(at).locator('> summary');
      await summary.click();
      const name = await summary.innerText();
      expect([name, await menus.nth(at).getAttribute('open')]).toEqual([name, '']);
      expect({ name, ...(await faultsIn(page, 'details.st-menu[open]')) }).toEqual({ name, ...NONE });
      expect([name, await sideways(page)]).toEqual([name, 0]);
      await summary.click();
    }
  });

  it('the navigation of a phone', async () => {
    const page = await pages.openAt('/entries', { viewport: { width: 390, height: 844 } });
    await page.locator('.st-menu-nav summary').click();
    expect(await faultsIn(page)).toEqual(NONE);
    expect(await sideways(page)).toBe(0);
  });
});

describe('what lies over the list', () => {
  it('the drawer', async () => {
    const page = await pages.openAt('/entries');
    await page.locator('.st-row-link').nth(2).click();
    await page.locator('dialog[open] .st-entry h1').waitFor();
    expect(await faultsIn(page)).toEqual(NONE);
  });

  it('the keys', async () => {
    const page = await pages.openAt('/entries');
    await page.keyboard.press('?');
    await page.locator('dialog[open].st-keys').waitFor();
    expect(await faultsIn(page)).toEqual(NONE);
  });
});
