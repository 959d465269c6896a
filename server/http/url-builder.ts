export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Makes the address of a page or file from its path ("/entries") and query; null, undefined and '' are left out. */
export type UrlBuilder = (path: string, query?: Query) => string;

/** Pages never write an address themselves, so that they can be served at `/` or under another page. */
export function createUrlBuilder(basePath = '/'): UrlBuilder {
  const base = basePath.replace(/\/+$/, '');
  return (path, query = {}) => {
    const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
    const search = new URLSearchParams(
      given.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    return `${base}${path}${search === '' ? '' : `?${search}`}`;
  };
}

/** What of `value` is safe to redirect to: a path of ours, never another host ("//evil", "/\evil"). */
export function safeReturnPath(value: unknown, otherwise: string): string {
  return typeof value === 'string' && /^\/(?![/\\])[^\\\s]*$/.test(value) && value.length <= 2000 ? value : otherwise;
}
