import path from 'node:path';
import createMarkdownIt, { type Token } from 'markdown-it';

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly id: string;
}

export interface RenderedDocument {
  /** Of the first heading; '' without one. */
  readonly title: string;
  /** Safe: HTML in the document is shown as text. Without the title. */
  readonly html: string;
  readonly headings: readonly Heading[];
}

/** The address of another file ("docs/format.md"), or null for one that is not to be had here. */
export type FileLink = (file: string, anchor: string) => string | null;

/**
 * A Markdown file as a part of a page. Headings have the ids that code hosts give them, so that links inside the documents
 * work; pictures are left out; no inline styles, which the pages' policy would refuse.
 */
export function renderMarkdown(text: string, file: string, fileLink: FileLink): RenderedDocument {
  const markdown = createMarkdownIt({ html: false, linkify: false, typographer: false });
  const tokens = markdown.parse(text, {});
  const headings: Heading[] = [];
  const taken = new Map<string, number>();
  for (const [at, token] of tokens.entries()) {
    if (String(token.attrGet('style') ?? '').includes('right')) token.attrJoin('class', 'st-number');
    token.attrs = token.attrs?.filter(([name]) => name !== 'style') ?? null;
    if (token.type === 'heading_open') {
      const heading = { level: Number(token.tag.slice(1)), text: plainText(tokens[at + 1]) };
      const id = freeId(slugOf(heading.text), taken);
      token.attrSet('id', id);
      headings.push({ ...heading, id });
    }
    if (token.type === 'fence' || token.type === 'code_block') token.attrSet('tabindex', '0');
    if (token.children) token.children = withLinks(token.children, file, fileLink);
  }
  const isTitle = tokens[0]?.type === 'heading_open' && tokens[0].tag === 'h1';
  return {
    title: isTitle ? (headings[0]?.text ?? '') : '',
    html: markdown.renderer.render(isTitle ? tokens.slice(3) : tokens, { ...markdown.options }, {}),
    headings: isTitle ? headings.slice(1) : headings,
  };
}

/** Links go to pages of ours or out; one that leads nowhere from here becomes its text. */
function withLinks(children: readonly Token[], file: string, fileLink: FileLink): Token[] {
  let isDropped = false;
  return children.filter((token) => {
    if (token.type === 'image') return false;
    if (token.type === 'link_close' && isDropped) return (isDropped = false);
    if (token.type !== 'link_open') return true;
    const href = resolve(String(token.attrGet('href') ?? ''), file, fileLink);
    if (href === null) return !(isDropped = true);
    token.attrSet('href', href);
    if (/^https?:/.test(href)) token.attrSet('rel', 'noreferrer');
    return true;
  });
}

function resolve(href: string, file: string, fileLink: FileLink): string | null {
  if (/^(https?:|mailto:|#)/.test(href)) return href;
  const [target = '', anchor = ''] = href.split('#');
  return fileLink(path.posix.join(path.posix.dirname(file), target), anchor);
}

function plainText(inline: Token | undefined): string {
  return (inline?.children ?? []).map(({ content }) => content).join('');
}

function slugOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-'); // prettier-ignore
}

function freeId(slug: string, taken: Map<string, number>): string {
  const times = taken.get(slug) ?? 0;
  taken.set(slug, times + 1);
  return times === 0 ? slug : `${slug}-${times}`;
}
