import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { findProgram } from './requirements';
import { startTestSite, type TestSite } from './test-site';

/** A person with a browser window of their own. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained about: errors on the console, exceptions, refused or failed requests. */
  readonly complaints: string[];
}

function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['SEALTRAIL_TEST_CHROMIUM'] ?? findProgram('chromium');
  if (executablePath === undefined) throw new Error('There is no chromium: run this through `npm test`.');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

async function openVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'UTC', ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // A page that was left takes its requests with it.
    if (why !== 'net::ERR_ABORTED') complaints.push(`request: ${request.url()} ${why}`);
  });
  return { context, page, complaints };
}

/** Signs in by a one-time link, as a person does it. */
export async function signIn(site: TestSite, { page }: Visitor, name = 'jane.doe'): Promise<void> {
  const { url } = await site.ask<{ url: string }>('login-link', '--name', name);
  await page.goto(url);
  await page.locator('main button[type=submit]').click();
  await page.waitForURL(`${site.url}/`);
}

export interface VisitorOptions extends BrowserContextOptions {
  /** What was chosen on an earlier visit. */
  readonly language?: string;
  readonly timeZone?: string;
  /** Somebody who has not signed in. */
  readonly isStranger?: boolean;
}

/** A site, a browser, and windows of somebody who has signed in to it. */
export interface TestPages {
  readonly site: TestSite;
  open(options?: VisitorOptions): Promise<Visitor>;
  openAt(where: string, options?: VisitorOptions): Promise<Page>;
  /** Closes every window. */
  leave(): Promise<void>;
  stop(): Promise<void>;
}

/** A site of its own, or a window to one that is there already. */
export async function startTestPages(
  options: { readonly demo?: boolean; readonly site?: TestSite } = {},
): Promise<TestPages> {
  const site = options.site ?? (await startTestSite('sqlite', options));
  const browser = await launchBrowser();
  const contexts: BrowserContext[] = [];
  let cookies: Cookies = [];

  const pages: TestPages = {
    site,
    async open({ language, timeZone, isStranger = false, ...rest } = {}) {
      const visitor = await openVisitor(browser, rest);
      contexts.push(visitor.context);
      const chosen = Object.entries({ sealtrail_lang: language, sealtrail_tz: timeZone }).flatMap(([name, value]) =>
        value === undefined ? [] : [{ name, value, url: site.url }],
      );
      await visitor.context.addCookies([...(isStranger ? [] : cookies), ...chosen]);
      return visitor;
    },
    async openAt(where, given) {
      const { page } = await pages.open(given);
      await page.goto(`${site.url}${where}`);
      return page;
    },
    async leave() {
      for (const context of contexts.splice(0)) await context.close();
    },
    async stop() {
      await browser.close();
      if (!options.site) await site.stop();
    },
  };
  try {
    const visitor = await pages.open();
    await signIn(site, visitor);
    cookies = await visitor.context.cookies();
  } catch (error) {
    await pages.stop();
    throw error;
  }
  return pages;
}

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

/** Pixels by which a page is wider than its window. */
export function sideways(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
