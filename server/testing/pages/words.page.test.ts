import { ACTOR_TYPES } from '../../core/event';
import { foreignWords, wrongCharacters } from '../chinese';
import { startTestPages, type TestPages } from '../visitor';
import { ALL_PAGES, nameOf } from './all-pages';
import { readableTexts, valuesOf, withoutValues } from './readable-texts';
import { startFullSite, type PageSite } from './page-site';

// What a Chinese reader gets to read on every page, hints and labels for screen readers among it, without what others have put
// into the store.

let place: PageSite;
let pages: TestPages;
let values: readonly string[];

beforeAll(async () => {
  place = await startFullSite();
  pages = await startTestPages(place);
  values = await valuesOf(place.site);
});
afterAll(async () => {
  await pages?.stop();
  await place?.site.stop();
});

describe.each(['zh-CN', 'zh-TW'] as const)('in %s', (language) => {
  afterAll(() => pages?.leave());

  it.each(ALL_PAGES.map((one) => [nameOf(one), one] as const))('%s is Chinese throughout', async (_name, one) => {
    const where = one.at(place.places);
    if (where === undefined) return;
    const { page, context } = await pages.open({ language, isStranger: one.isPublic === true });
    await page.goto(`${place.site.url}${where}`);
    const texts = await readableTexts(page);
    await context.close();
    expect(texts.length).toBeGreaterThan(one.isFragment ? 20 : 5);
    // What the reader has asked for is told back, and the types that can be asked for are codes.
    const asked = [...new URL(where, place.site.url).searchParams.values(), ACTOR_TYPES.join(', ')];
    const left = texts.map((text) =>
      asked.reduce((rest, value) => rest.replaceAll(value, ' '), withoutValues(text, values)),
    );
    expect([...new Set(left.flatMap((text) => foreignWords(text)))]).toEqual([]);
    expect(left.flatMap((text) => wrongCharacters(language, text))).toEqual([]);
  });
});
