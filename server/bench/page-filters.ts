/** A filter of the page bench, as a query of the API. Times are places in the span of the store, 0 to 1; MIDDLE is a hash. */
export interface BenchFilter {
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Each filter in the forms that are searched in different ways: frequent, rare, any of, not, by type, by its beginning. */
export const PAGE_FILTERS: readonly BenchFilter[] = [
  one('category', 'financial'),
  one('category', '!financial,!clients'),
  one('severity', 'warning'),
  one('severity', 'notice,critical'),
  one('action', 'invoice.*'),
  one('action', 'service.provision_failed'),
  one('outcome', 'failure'),
  one('actor', 'admin:7'),
  one('actor', 'client'),
  one('actor', '!admin'),
  one('actor_name', 'adm'),
  one('target', 'invoice:4000'),
  one('target', 'ticket'),
  one('client', '5'),
  one('client', '5,6,7,8'),
  one('ip', '203.0.113.7'),
  one('ip', '!203.0.113.7'),
  one('via', 'api'),
  one('hook', 'TicketOpen'),
  one('q', 'invo'),
  one('q', 'example.c'),
  one('q', '林氏'),
  one('q', '4321'),
  one('q', 'mei !stripe'),
  one('after', '0.7'),
  one('before', '0.8'),
  one('hash', 'MIDDLE'),
  one('status', 'valid'),
  one('status', 'broken'),
];

/** Every two filters of different names. */
export function pairsOf(filters: readonly BenchFilter[]): BenchFilter[] {
  return filters.flatMap((a, i) =>
    filters.slice(i + 1).flatMap((b) => {
      const query = { ...a.query, ...b.query };
      return Object.keys(query).length < 2 ? [] : [{ name: `${a.name} & ${b.name}`, query }];
    }),
  );
}

function one(name: string, value: string): BenchFilter {
  return { name: `${name}=${value}`, query: { [name]: value } };
}
