import { LANGUAGES } from '../../http/i18n';
import { aPageContext } from '../../testing/an-entry-view';
import { CHANGELOG, DOCUMENTS, readDocument } from './documents';
import { createHelpService } from './help-service';
import { parseChangelog } from './parse-changelog';
import { renderMarkdown } from './render-markdown';
import { supportHref } from './support-href';

const help = createHelpService({ version: '0.1.0', manifest: {}, findSupportUrl: () => Promise.resolve(null) });
const ctx = aPageContext();
const render = (text: string) => renderMarkdown(text, 'docs/a.md', (file, anchor) => (file === 'docs/b.md' ? `/help/b#${anchor}` : null)); // prettier-ignore

describe('a document as a page', () => {
  it('shows HTML as text, and has no inline style, picture or script', () => {
    const { html } = render(
      '<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![p](p.png)\n\n|a|b|\n|--:|---|\n|1|2|\n',
    );
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/<script|<img|style=|href="javascript/);
    expect(html).toContain('<td class="st-number">1</td>');
  });

  it('leads to other documents, out, and nowhere else', () => {
    const { html } = render('[b](b.md#one) [out](https://example.com) [code](../server/x.ts) [here](#there)');
    expect(html).toContain('<a href="/help/b#one">b</a> <a href="https://example.com" rel="noreferrer">out</a> code <a href="#there">here</a>'); // prettier-ignore
  });

  it('takes its title from the first heading and gives each heading an id of its own', () => {
    expect(render('# Title\n\n## A `b` c\n\ntext\n\n## A `b` c\n')).toMatchObject({
      title: 'Title',
      headings: [
        { level: 2, text: 'A b c', id: 'a-b-c' },
        { level: 2, text: 'A b c', id: 'a-b-c-1' },
      ],
    });
  });
});

describe('the documents that are shipped', () => {
  it.each([...DOCUMENTS, CHANGELOG].map(({ slug }) => slug))(
    '%s is there, with links that lead somewhere',
    async (slug) => {
      const document = await help.read(slug, ctx);
      expect(document?.title).not.toBe('');
      for (const [, target = '', anchor] of document?.html.matchAll(/href="\/(?:help\/)?([a-z-]+)(?:#([^"]*))?"/g) ??
        []) {
        const other = await help.read(target, ctx);
        expect([target, other !== undefined]).toEqual([target, true]);
        if (anchor) expect(other?.headings.map(({ id }) => id)).toContain(decodeURIComponent(anchor));
      }
    },
  );

  it('have a heading for each link of the quick start', async () => {
    const { quickStart } = await help.cards(1, ctx);
    expect(quickStart.length).toBeGreaterThan(3);
    for (const { href } of quickStart) {
      const [, slug = '', anchor = ''] = /^\/help\/([a-z-]+)#(.+)$/.exec(href) ?? [];
      expect((await help.read(slug, ctx))?.headings.map(({ id }) => id)).toContain(anchor);
    }
  });

  it('are listed in every language', () => {
    for (const lng of LANGUAGES)
      for (const { label, about } of help.list(aPageContext({ lng }))) expect(`${label}${about}`).not.toMatch(/help:/);
  });

  it('are no others: nothing outside of the list is read', async () => {
    for (const slug of ['../package', 'README.md', '', 'constructor'])
      expect(await help.read(slug, ctx)).toBeUndefined();
  });
});

describe('the changelog', () => {
  it('is read as releases with the topics of their paragraphs', () => {
    const text =
      '# Changes\n\n## Pending (0.2.0)\n\n**Bridge.** It.\n\n**Keys and bundles.** They **are** bold.\n\n## 0.1.0\n\nThe first.\n';
    expect(parseChangelog(text)).toEqual([
      { name: 'Pending (0.2.0)', topics: ['Bridge', 'Keys and bundles'] },
      { name: '0.1.0', topics: [] },
    ]);
    expect(parseChangelog('')).toEqual([]);
  });

  it('of this program has at least one release', async () => {
    expect(parseChangelog((await readDocument(CHANGELOG)) ?? '')[0]?.topics.length).toBeGreaterThan(0);
  });
});

describe('the support link', () => {
  const BUGS = { bugs: { url: 'https://example.com/issues' } };
  it.each([
    ['https://help.example', BUGS, 'https://help.example'],
    ['mailto:help@example.com', {}, 'mailto:help@example.com'],
    [null, BUGS, 'https://example.com/issues'],
    [null, { bugs: 'https://example.com/bugs' }, 'https://example.com/bugs'],
    ['javascript:alert(1)', {}, null],
    [null, {}, null],
  ])('for the setting %s and the manifest %j is %s', (setting, manifest, expected) => {
    expect(supportHref(setting, manifest)).toBe(expected);
  });
});
