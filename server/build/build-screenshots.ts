import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { PROGRAM_ROOT } from '../root';
import { startSoundSite, type PagePlaces } from '../testing/pages/page-site';
import { startTestPages, type VisitorOptions } from '../testing/visitor';

// `npm run screenshots [-- NAME ...]`: takes the pictures of docs/images from the demo month, through the real pages.

interface Shot {
  readonly name: string;
  readonly at: (places: PagePlaces) => string;
  /** What is done on the page before it is taken. */
  readonly first?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: 'dashboard', at: () => '/' },
  { name: 'audit-log', at: () => '/entries?category=clients' },
  {
    name: 'entry',
    at: () => '/entries?action=client.email_changed',
    async first(page) {
      await page.locator('.st-row-link').first().click();
      await page.locator('dialog .st-entry h1').waitFor();
    },
  },
  { name: 'timeline', at: () => '/timeline?client=101' },
  { name: 'settings', at: () => '/settings' },
  { name: 'verify', at: ({ report }) => `/verify/reports/${report}` },
];

/** English by day, English by night, Traditional Chinese: the second and the third say so in their names. */
const READERS: readonly (VisitorOptions & { readonly ending: string })[] = [
  { ending: '', language: 'en', timeZone: 'America/New_York', colorScheme: 'light' },
  { ending: '-dark', language: 'en', timeZone: 'America/New_York', colorScheme: 'dark' },
  { ending: '-zh-TW', language: 'zh-TW', timeZone: 'Asia/Taipei', colorScheme: 'light' },
];

/** Wide enough for every column, and small enough to be read in a README. */
const VIEWPORT = { width: 1280, height: 800 };

async function main(names: readonly string[]): Promise<void> {
  const folder = path.join(PROGRAM_ROOT, 'docs', 'images');
  mkdirSync(folder, { recursive: true });
  const { site, places } = await startSoundSite();
  const pages = await startTestPages({ site });
  try {
    for (const shot of SHOTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
      for (const { ending, ...reader } of READERS) {
        const { page, context } = await pages.open({ ...reader, viewport: VIEWPORT, reducedMotion: 'reduce' });
        const answer = await page.goto(`${site.url}${shot.at(places)}`);
        if (!answer?.ok()) throw new Error(`${shot.name}: the page answered ${answer?.status()}`);
        await shot.first?.(page);
        await page.screenshot({ path: path.join(folder, `${shot.name}${ending}.png`) });
        await context.close();
      }
      process.stdout.write(`${shot.name}\n`);
    }
  } finally {
    await pages.stop();
    await site.stop();
  }
}

void main(process.argv.slice(2));
