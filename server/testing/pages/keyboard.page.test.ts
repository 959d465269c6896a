import type { Page } from 'playwright-core';
import { startTestPages, type TestPages } from '../visitor';
import { ALL_PAGES, nameOf } from './all-pages';
import { startFullSite, withNewLink, type PageSite } from './page-site';

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

const visits = ALL_PAGES.filter(({ isFragment }) => !isFragment).map((one) => [nameOf(one), one] as const);

/** Names what is reached by Tab, in its order; what is not seen to have the focus is marked with a question mark. */
const WALK = `(() => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const wanted = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter((element) => shown(element) && !element.disabled && element.type !== 'hidden' && element.tabIndex >= 0);
  window.walk = { wanted, reached: new Set(), unseen: [] };
  document.addEventListener('focusin', ({ target }) => {
    walk.reached.add(target);
    const style = getComputedStyle(target);
    const ring = target.matches('.st-row-link') ? true : style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    if (!ring && style.boxShadow === 'none') walk.unseen.push(target.outerHTML.slice(0, 120));
  });
  return wanted.length;
})()`;

async function tabThrough(page: Page, times: number): Promise<void> {
  for (let pressed = 0; pressed < times; pressed += 1) await page.keyboard.press('Tab');
}

describe('by keyboard alone', () => {
  it.each(visits)('%s: Tab reaches every control and is seen', async (_name, one) => {
    const where = one.at(place.places);
    if (where === undefined) return;
    const { page } = await pages.open({ isStranger: one.isPublic === true });
    await page.goto(`${place.site.url}${where}`);
    const controls = await page.evaluate<number>(WALK);
    await page.evaluate('document.activeElement.blur()');
    // A date has three parts to tab through and its button; a date with its time three parts more.
    const dates = await page.locator('input[type=date], input[type=datetime-local]').count();
    const times = await page.locator('input[type=datetime-local]').count();
    await tabThrough(page, controls + 3 * dates + 3 * times + 2);
    const { missed, unseen } = await page.evaluate<{ missed: string[]; unseen: string[] }>(
      `({ missed: walk.wanted.filter((one) => !walk.reached.has(one)).map((one) => one.outerHTML.slice(0, 120)), unseen: walk.unseen })`,
    );
    expect({ missed, unseen }).toEqual({ missed: [], unseen: [] });
  });

  it('the first Tab leads past the bar to the content', async () => {
    const page = await pages.openAt('/entries');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('st-skip');
    expect(await page.evaluate('document.activeElement.getBoundingClientRect().left')).toBe(0);
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.querySelector("main").contains(document.activeElement)')).toBe(true);
  });

  it.each(['.st-menu-account', '.st-menu-preferences', '.st-menu-nav'])(
    '%s opens by Enter and closes by Escape, and the focus is back where it was',
    async (menu) => {
      const page = await pages.openAt('/entries', {
        viewport: { width: menu === '.st-menu-nav' ? 800 : 1280, height: 800 },
      });
      const summary = page.locator(`${menu} summary`);
      await summary.focus();
      await page.keyboard.press('Enter');
      expect(await page.locator(`${menu}[open]`).count()).toBe(1);
      await page.keyboard.press('Tab');
      expect(await page.evaluate(`document.activeElement.closest('${menu} .st-menu-body') !== null`)).toBe(true);
      await page.keyboard.press('Escape');
      expect(await page.locator(`${menu}[open]`).count()).toBe(0);
      expect(await page.evaluate(`document.activeElement === document.querySelector('${menu} summary')`)).toBe(true);
    },
  );

  it('an entry opens from the list, is left by Escape, and the list has its place', async () => {
    const page = await pages.openAt('/entries');
    const link = page.locator('.st-row-link').nth(3);
    await link.focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open] .st-entry h1').waitFor();
    expect(await page.evaluate('document.querySelector("dialog[open]").contains(document.activeElement)')).toBe(true);
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    expect(await page.evaluate(`document.activeElement === document.querySelectorAll('.st-row-link')[3]`)).toBe(true);
  });
});

describe('without JavaScript', () => {
  beforeAll(async () => {
    place = await withNewLink(place);
  });

  it.each(visits)('%s has no control that does nothing', async (_name, one) => {
    const where = one.at(place.places);
    if (where === undefined) return;
    const { page, complaints } = await pages.open({ isStranger: one.isPublic === true, javaScriptEnabled: false, viewport: { width: 390, height: 844 } }); // prettier-ignore
    const answer = await page.goto(`${place.site.url}${where}`);
    expect(answer?.status()).toBe(one.status ?? 200);
    expect(await page.locator('button[type=button]:visible').count()).toBe(0);
    expect(await page.locator('main').innerText()).not.toBe('');
    expect(complaints.filter((line) => !line.endsWith(` ${place.site.url}${where}`))).toEqual([]);
  });

  const open = (where: string) => pages.openAt(where, { javaScriptEnabled: false });
  const wordOf = (page: Page) => page.locator('.st-verdict-word').innerText();

  it('the menu leads to every page of the bar', async () => {
    const { page } = await pages.open({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
    await page.goto(place.site.url);
    const links = await page.locator('.st-menu-nav a').count();
    expect(links).toBeGreaterThan(4);
    for (let at = 0; at < links; at += 1) {
      await page.locator('.st-menu-nav summary').click();
      await page.locator('.st-menu-nav a').nth(at).click();
      await page.waitForLoadState();
      expect(await page.locator('.st-menu-nav a[aria-current=page]').count()).toBe(1);
    }
  });

  it('language and time zone are chosen, and the page comes back in them', async () => {
    const page = await open('/entries?category=clients');
    await page.locator('.st-menu-preferences summary').click();
    await page.selectOption('#st-language', 'zh-TW');
    await page.selectOption('#st-zone', 'Asia/Taipei');
    await page.locator('.st-menu-preferences button[type=submit]').click();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-TW');
    expect(page.url()).toBe(`${place.site.url}/entries?category=clients`);
    expect(await page.locator('.st-menu-preferences summary').innerText()).toContain('Asia/Taipei');
  });

  it('a verification is asked for, watched and read', async () => {
    const page = await open('/verify');
    await page.locator('main .st-actions button').click();
    // While it runs the page loads itself anew.
    await page.locator('.st-verdict-word').waitFor();
    expect(await wordOf(page)).toBe('Broken');
    await page.goto(`${place.site.url}/entries/${place.places.changed}`);
    await page.locator('.st-reverify button').click();
    expect(await wordOf(page)).toBe('Intact');
  });

  it('a limit is set, refused where it cannot be understood, and a hold is placed and released', async () => {
    const page = await open('/retention');
    await page.selectOption('#st-choice', 'own');
    await page.fill('#st-days', '700');
    await page.getByRole('button', { name: 'Save the limit' }).click();
    await page.locator('.st-problem').waitFor();
    await page.selectOption('#st-choice', 'own');
    await page.fill('#st-days', '700');
    await page.check('input[name=understood]');
    await page.getByRole('button', { name: 'Save the limit' }).click();
    await page.getByText('700 days').waitFor();
    await page.fill('#st-client', '102');
    await page.fill('#st-reason', 'case 4713');
    await page.getByRole('button', { name: 'Place a hold' }).click();
    const hold = page.locator('tr', { hasText: 'case 4713' });
    await hold.locator('input[name=reason]').fill('settled');
    await hold.getByRole('button').click();
    await hold.getByText('settled').waitFor();
  });

  it('what is in quarantine can be read', async () => {
    const page = await open('/quarantine');
    await page.locator('details summary', { hasText: 'Show' }).first().click();
    expect(await page.locator('.st-quarantine .st-payload').first().isVisible()).toBe(true);
  });
});
