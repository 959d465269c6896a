export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Makes the address of a page or file from its path ("/entries") and query; null, undefined and '' are left out. */
export interface UrlBuilder {
  /** `path` may bring a query of its own ("/entries?category=clients"). */
  (path: string, query?: Query): string;
  /** For a form sent by GET: its fields take the place of the address's query, so what the address must carry is a field. */
  form(path: string): FormTarget;
}

export interface FormTarget {
  readonly action: string;
  readonly hidden: readonly { readonly name: string; readonly value: string }[];
}

/** A page of somebody else that shows ours: its address, and the parameter in which it takes our path and query. */
export interface Mount {
  /** "addonmodules.php?module=sealtrail" */
  readonly base: string;
  /** "st" */
  readonly pathParam: string;
}

/** Pages never write an address themselves, so that they can be served at `/` or under another page. */
export function createUrlBuilder(basePath = '/'): UrlBuilder {
  const base = basePath.replace(/\/+$/, '');
  const url = (path: string, query: Query = {}) => `${base}${withQuery(path, query)}`;
  return Object.assign(url, { form: (path: string) => ({ action: url(path), hidden: [] }) });
}

/** The same behind a page of the billing system, where path and query of ours travel in one parameter. */
export function createMountedUrlBuilder({ base, pathParam }: Mount): UrlBuilder {
  const [page = '', own = ''] = base.split('?');
  const start = `${page}?${own === '' ? '' : `${own}&`}${pathParam}=`;
  const url = (path: string, query: Query = {}) => `${start}${encodeURIComponent(withQuery(path, query))}`;
  const kept = [...new URLSearchParams(own)].map(([name, value]) => ({ name, value }));
  return Object.assign(url, {
    form: (path: string) => ({ action: page, hidden: [...kept, { name: pathParam, value: path }] }),
  });
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return search === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${search}`;
}

/** What of `value` is safe to redirect to: a path of ours, never another host ("//evil", "/\evil"). */
export function safeReturnPath(value: unknown, otherwise: string): string {
  return typeof value === 'string' && /^\/(?![/\\])[^\\\s]*$/.test(value) && value.length <= 2000 ? value : otherwise;
}
