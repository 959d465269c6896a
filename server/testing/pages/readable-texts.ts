import type { Page } from 'playwright-core';
import type { TestSite } from '../test-site';

/** A text of a page, and whether something of the store may be in it. */
export interface ReadableText {
  readonly text: string;
  readonly mayHoldValues: boolean;
}

/**
 * Every text that a reader may come upon: what is shown, what opens, and what is told on hover or to a screen reader. Codes, payloads
 * and what names its own language are left out. Values of others stand in `bdi`, so that they cannot turn the text around them.
 */
export function readableTexts(page: Page): Promise<ReadableText[]> {
  return page.evaluate<ReadableText[]>(`(() => {
    const skipped = 'code, pre, script, noscript, style, svg, #st-zone, [lang]:not(html)';
    const ofValues = 'title, bdi, .st-filter-link, .st-severity, .st-row-link, [data-values]';
    const found = [];
    // A value that is shown word by word, with what was taken from it and put into it.
    const isPart = (element) => element.closest('bdi:has(del, ins)') !== null && !element.closest('.visually-hidden');
    const note = (text, element, mayHoldValues) => {
      if (text && text.trim() !== '' && !element.closest(skipped) && !isPart(element)) found.push({ text: text.trim(), mayHoldValues });
    };
    const texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      note(texts.currentNode.data, element, element.closest(ofValues) !== null);
    }
    const attributes = ['title', 'aria-label', 'placeholder', 'alt', 'data-label', 'data-busy', 'data-copied', 'data-copy-failed', 'data-loading', 'data-waiting-text'];
    for (const element of document.querySelectorAll('*')) {
      // An example of what to type is what the program takes, in any language.
      if (element.matches('[placeholder]') && !/\\p{Script=Han}/u.test(element.placeholder)) continue;
      for (const name of attributes) note(element.getAttribute(name), element, name === 'title' || name === 'aria-label');
    }
    return found;
  })()`);
}

/** What people, bridges and we ourselves have written into the entries, the longest first. */
export async function valuesOf({ db }: TestSite): Promise<string[]> {
  const records = await db<{ record: string }>('entries').select('record');
  const bodies = await db<{ actor_body: string | null; subject_body: string | null }>('entry_values').select('actor_body', 'subject_body'); // prettier-ignore
  const found = new Set<string>(['default', 'jane.doe', 'wang.fang', 'jane']);
  const collect = (value: unknown): void => {
    if (typeof value === 'string') found.add(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  for (const { record } of records) collect(JSON.parse(record));
  for (const { actor_body, subject_body } of bodies)
    for (const body of [actor_body, subject_body]) if (body) collect(JSON.parse(body));
  return [...found].filter((value) => value.length > 1).sort((a, b) => b.length - a.length);
}

export function withoutValues({ text, mayHoldValues }: ReadableText, values: readonly string[]): string {
  // The code of an action is none, though a part of it may be the name of something.
  if (!mayHoldValues || /^[a-z_]+\.[a-z_]+$/.test(text)) return text;
  // What was shortened in its middle is no value any more, but nothing of ours is ever shortened.
  const whole = text.replace(/[^\p{Script=Han}，。：（）“”「」]*…[^\p{Script=Han}，。：（）“”「」]*/gu, ' ');
  return values.reduce((left, value) => left.replaceAll(value, ' '), whole);
}
