import type { Role } from '../features/access/rights';
import type { TestApp } from './test-app';

export interface WebAnswer {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

/** Somebody signed in to a test app, without a browser: keeps cookies, and sends forms with the token of the page they stand on. */
export interface WebPerson {
  get(path: string): Promise<WebAnswer>;
  post(path: string, form?: Readonly<Record<string, string>>): Promise<WebAnswer>;
}

export async function webPerson(
  app: TestApp,
  name: string,
  options: { readonly role?: Role; readonly tenant?: string; readonly language?: string } = {},
): Promise<WebPerson> {
  // prettier-ignore
  const { role = 'super_admin', tenant = 'default', language = 'en' } = options;
  const ledger = await app.deps.store.findLedger(tenant);
  if (!ledger) throw new Error(`there is no tenant ${tenant}`);
  const cookies = new Map([['sealtrail_lang', language]]);
  let token = '';

  async function ask(path: string, init: RequestInit): Promise<WebAnswer> {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const headers = { accept: 'text/html', 'sec-fetch-site': 'same-origin', cookie, ...(init.headers as Record<string, string>) }; // prettier-ignore
    const answer = await fetch(`${app.url}${path}`, { redirect: 'manual', ...init, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const text = await answer.text();
    token = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? token;
    return { status: answer.status, location: answer.headers.get('location') ?? '', text };
  }
  const person: WebPerson = {
    get: (path) => ask(path, {}),
    post: (path, form = {}) => ask(path, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ _csrf: token, ...form }).toString() }), // prettier-ignore
  };
  const link = await app.deps.loginLinks.create({ name, role, tenant, tenantId: ledger.tenant.id });
  await person.get(`/sign-in/${link}`);
  const { status } = await person.post(`/sign-in/${link}`);
  if (status !== 303) throw new Error(`${name} could not sign in: ${status}`);
  await person.get('/');
  return person;
}
