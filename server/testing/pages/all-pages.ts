import type { PagePlaces } from './page-site';

/** An address at which a page is looked at. */
export interface PageAddress {
  /** As Express has it; null for what no route answers. */
  readonly route: string | null;
  /** Undefined where the store has nothing to show there. */
  readonly at: (places: PagePlaces) => string | undefined;
  /** 200 unless told otherwise. */
  readonly status?: number;
  /** Somebody who has not signed in looks at it. */
  readonly isPublic?: boolean;
  /** A part of a page, which a script puts into another. */
  readonly isFragment?: boolean;
}

/**
 * Every page of the program in the states that differ. A new page is one line here, and all that must hold for every page is
 * then asked of it; `all-pages.test.ts` fails while a route is missing.
 */
// prettier-ignore
export const ALL_PAGES: readonly PageAddress[] = [
  { route: '/', at: () => '/' },
  { route: '/entries', at: () => '/entries' },
  { route: '/entries', at: () => '/entries?category=clients&severity=notice&q=phonenumber&from=2020-01-01' },
  { route: '/entries', at: () => '/entries?q=nothinglikethis' },
  { route: '/entries', at: () => '/entries?actor=bob&category=clients', status: 400 },
  { route: '/entries', at: () => '/entries?cursor=bent', status: 400 },
  { route: '/entries/:id', at: ({ changed }) => changed && `/entries/${changed}` },
  { route: '/entries/:id', at: ({ erased }) => erased && `/entries/${erased}` },
  { route: '/entries/:id', at: ({ broken }) => broken && `/entries/${broken}` },
  { route: '/entries/:id', at: ({ failed }) => failed && `/entries/${failed}` },
  { route: '/entries/:id', at: ({ changed }) => changed && `/entries/${changed}?drawer=1`, isFragment: true },
  { route: '/entries/:id', at: () => '/entries/999999999', status: 404 },
  { route: '/views', at: () => '/views' },
  { route: '/timeline', at: () => '/timeline' },
  { route: '/timeline', at: () => '/timeline?client=101' },
  { route: '/timeline', at: () => '/timeline?target=client:101&day=bent&at=bent', status: 400 },
  { route: '/verify', at: () => '/verify' },
  { route: '/verify/jobs/:id', at: ({ job }) => job && `/verify/jobs/${job}` },
  { route: '/verify/reports', at: () => '/verify/reports' },
  { route: '/verify/reports/:id', at: ({ report }) => report && `/verify/reports/${report}` },
  { route: '/verify/reports/:id', at: ({ brokenReport }) => brokenReport && `/verify/reports/${brokenReport}` },
  { route: '/retention', at: () => '/retention' },
  { route: '/retention', at: () => '/retention?preview=1' },
  { route: '/quarantine', at: () => '/quarantine' },
  { route: '/erasure', at: () => '/erasure?q=101' },
  { route: '/erasure', at: () => '/erasure?subject=client:102' },
  { route: '/erasure/receipts/:id', at: ({ receipt }) => receipt && `/erasure/receipts/${receipt}` },
  { route: '/danger', at: () => '/danger' },
  { route: '/danger/purge', at: () => '/danger/purge' },
  { route: '/danger/uninstall', at: () => '/danger/uninstall' },
  { route: '/danger/requests/:id', at: ({ purge }) => purge && `/danger/requests/${purge}` },
  { route: '/settings/general', at: () => '/settings/general' },
  { route: '/settings/mail', at: () => '/settings/mail' },
  { route: '/settings/bridges', at: () => '/settings/bridges' },
  { route: '/settings/tokens', at: () => '/settings/tokens' },
  { route: '/settings/keys', at: () => '/settings/keys' },
  { route: '/settings/people', at: () => '/settings/people' },
  { route: '/settings/roles', at: () => '/settings/roles' },
  { route: '/help', at: () => '/help' },
  { route: '/help/:slug', at: () => '/help/operating' },
  { route: '/help/:slug', at: () => '/help/nosuchdocument', status: 404 },
  { route: '/changelog', at: () => '/changelog' },
  { route: '/sign-in', at: () => '/sign-in', isPublic: true },
  { route: '/sign-in/:token', at: ({ link }) => link, isPublic: true },
  { route: '/sign-in/:token', at: () => `/sign-in/${'x'.repeat(43)}`, isPublic: true, status: 403 },
  { route: null, at: () => '/no/such/page', status: 404 },
];

/** Routes that answer with a file, for a program, or by leading elsewhere, so that there is nothing to look at. */
// prettier-ignore
export const NO_PAGES: readonly string[] = [
  '/export', '/export.csv', '/export.json', '/export.ndjson', '/export.zip', '/entries/new', '/entries/:id/proof',
  '/danger/requests/:id/left.json', '/danger/requests/:id/left.txt', '/settings', '/healthz', '/readyz', '/metrics',
];

/** The address with names where the store's own places will stand, for the title of a test. */
export function nameOf({ route, at, status }: PageAddress): string {
  const where = at(new Proxy({}, { get: (_places, name) => `{${String(name)}}` })) ?? route;
  return status === undefined ? `${where}` : `${where} (${status})`;
}
