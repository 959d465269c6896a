import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { TestApp } from './test-app';

/** Somebody at the pages without a browser: keeps the cookie of the session and sends the token of its forms. */
export interface PageSession {
  readonly cookie: string;
  readonly csrf: string;
  get(path: string): Promise<Response>;
  /** A form of ours; `_csrf` among the fields takes the place of the token. */
  post(path: string, form?: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Response>;
} // prettier-ignore

const HTML = { accept: 'text/html' };

/** Signs in as a person does: opens the link, presses its button. */
export async function signInTo(
  app: TestApp,
  { role, name = role, tenant = DEFAULT_TENANT }: { readonly role: string; readonly name?: string; readonly tenant?: string }, // prettier-ignore
): Promise<PageSession> {
  const ledger = await app.deps.store.findLedger(tenant);
  if (!ledger) throw new Error(`there is no tenant ${tenant}`);
  const token = await app.deps.loginLinks.create({ name, role, tenant, tenantId: ledger.tenant.id });
  return signInBy(`${app.url}/sign-in/${token}`);
}

/** The same by a link that somebody was given. */
export async function signInBy(link: string): Promise<PageSession> {
  const offered = await fetch(link, { headers: HTML });
  const planted = cookieOf(offered);
  const body = new URLSearchParams({ _csrf: csrfIn(await offered.text()) });
  const entered = await fetch(link, { method: 'POST', redirect: 'manual', headers: { ...HTML, cookie: planted }, body }); // prettier-ignore
  if (entered.status !== 303) throw new Error(`the sign-in was answered with ${entered.status}`);
  return openSession(new URL(link).origin, cookieOf(entered));
}

/** A session by its cookie; the empty one is somebody who has none yet. */
export async function openSession(url: string, cookie: string): Promise<PageSession> {
  if (cookie === '') return openSession(url, cookieOf(await fetch(`${url}/sign-in`, { headers: HTML })));
  const get = (path: string) => fetch(`${url}${path}`, { redirect: 'manual', headers: { ...HTML, cookie } });
  // Every page prints the forms of its frame; who has not signed in is sent to the one page that they may see.
  const page = await get('/no-such-page');
  const csrf = csrfIn(await (page.status === 303 ? await get('/sign-in') : page).text());
  return {
    cookie,
    csrf,
    get,
    post: (path, form = {}, headers = {}) =>
      fetch(`${url}${path}`, { method: 'POST', redirect: 'manual', headers: { ...HTML, cookie, ...headers }, body: new URLSearchParams({ _csrf: csrf, ...form }) }), // prettier-ignore
  };
}

export function cookieOf(response: Response): string {
  const [cookie = ''] = response.headers.getSetCookie().filter((one) => one.startsWith('sealtrail_session='));
  return cookie.split(';')[0] ?? '';
}

function csrfIn(html: string): string {
  return /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
}
