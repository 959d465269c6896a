import { HtmlValidate } from 'html-validate';
import { LANGUAGES } from '../../http/i18n';
import { startTestPages, type TestPages } from '../visitor';
import { ALL_PAGES, nameOf } from './all-pages';
import { startEmptySite, startFullSite, withNewLink, type PageSite } from './page-site';

// What is sent, as it is sent: the browser, which mends what it can, has no part in it.

const validator = new HtmlValidate({
  extends: ['html-validate:standard'],
  rules: {
    // Layout of the source, not a question of validity.
    'no-trailing-whitespace': 'off',
    'attribute-boolean-style': 'off',
  },
});

describe.each([
  ['an empty store', startEmptySite],
  ['a full store', startFullSite],
])('on %s', (_what, start: () => Promise<PageSite>) => {
  let place: PageSite;
  let pages: TestPages;

  beforeAll(async () => {
    place = await start();
    pages = await startTestPages(place);
  });
  afterAll(async () => {
    await pages?.stop();
    await place?.site.stop();
  });
  afterEach(() => pages?.leave());

  describe.each(LANGUAGES)('in %s', (language) => {
    beforeAll(async () => {
      place = await withNewLink(place);
    });

    it.each(ALL_PAGES.map((one) => [nameOf(one), one] as const))('%s is valid HTML', async (_name, one) => {
      const where = one.at(place.places);
      if (where === undefined) return;
      const { context } = await pages.open({ language, isStranger: one.isPublic === true });
      const answer = await context.request.get(`${place.site.url}${where}`, { headers: { accept: 'text/html' } });
      expect([answer.status(), answer.headers()['content-type']]).toEqual([
        one.status ?? 200,
        'text/html; charset=utf-8',
      ]);
      const html = await answer.text();
      expect(html.startsWith('<!doctype html>')).toBe(one.isFragment !== true);
      expect(await faultsIn(html)).toEqual([]);
    });
  });
});

async function faultsIn(html: string): Promise<string[]> {
  const { results } = await validator.validateString(html);
  return results.flatMap(({ messages }) =>
    messages.map(
      ({ ruleId, line, message }) => `${ruleId}: ${message}: ${html.split('\n')[line - 1]?.trim().slice(0, 160)}`,
    ),
  );
}

it.each(['<!doctype html><p><div></div></p>', '<ul><p>not an item</p></ul>', '<a href="/"><button>both</button></a>'])(
  'the check is not blind: %s',
  async (html) => {
    expect(await faultsIn(html)).not.toEqual([]);
  },
);
