import type { JsonObject, JsonValue } from '../../core/canonical-json';
import type { ReportedItem } from '../../core/hook-call';
import { hashIp } from '../../core/ip-hash';
import { canonicalIp } from '../../http/client-ip';

/** What the settings say about addresses. Plain data: it may go to another thread. */
export interface Addressing {
  /** Everybody whose forwarding headers count. */
  readonly trustedProxies: readonly string[];
  readonly ipMode: 'full' | 'hashed' | 'none';
  /** Hex digits; of the installation. */
  readonly ipSalt: string;
}

/** Stands in a text where an address was, in the mode `none`. */
export const REMOVED_IP = '[ip removed]';

/** An address that is a field of its own. */
export function hideIp(ip: string | null, { ipMode, ipSalt }: Addressing): string | null {
  if (ip === null || ipMode === 'full') return ip;
  // What is no address after all may hold one.
  return ipMode === 'none' ? null : hashIp(canonicalIp(ip) ?? ip, ipSalt);
}

/** A text without any address in it: for what nobody could read further. */
export function hideAllIps(text: string, addressing: Addressing): string {
  return addressing.ipMode === 'full' ? text : replaceIps(text, addressing, () => true);
}

/**
 * An item as the settings want it, before anything is made of it. Gone are: peer, forwarding headers and WHMCS's own address;
 * each of these addresses wherever else it stands, in names too; every address in a field that is named like a visitor's
 * (`ip`, `ipaddress`, `lastip`) and in a line of the activity log. Other addresses are what billing is about, such as a server's or a name server's:
 * they stay. docs/decisions/0026.
 */
export function hideAddresses<T extends ReportedItem>(item: T, addressing: Addressing): T {
  if (addressing.ipMode === 'full') return item;
  const own = ownIps(item);
  const isOwn = (ip: string) => own.has(ip);
  const isAny = () => true;
  // The row of a server has its own address in a field of the same name.
  const isServer = item.kind === 'table_change' && SERVER_TABLES.has(item.table);
  const inText = (text: string) => replaceIps(text, addressing, item.kind === 'activity' ? isAny : isOwn);
  const orNull = (text: string | null) => text && inText(text);

  const inValue = (value: JsonValue, isVisitors: boolean): JsonValue => {
    if (typeof value === 'string') return isVisitors ? replaceIps(value, addressing, isAny) : inText(value);
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map((one) => inValue(one, isVisitors));
    return typeof value === 'object' && value !== null ? inObject(value as JsonObject, isVisitors) : value;
  };
  const inObject = (object: JsonObject, isVisitors = false): JsonObject =>
    Object.fromEntries(
      Object.entries(object).map(([name, value]) => [
        inText(name),
        inValue(value, isVisitors || (!isServer && VISITOR_FIELD.test(name))),
      ]),
    );

  const { actor, request } = item;
  return {
    ...item,
    params: inObject(item.params),
    before: item.before && inObject(item.before),
    actor: {
      ...actor,
      // A gateway is known by nothing else.
      id: actor.id !== null && canonicalIp(actor.id) !== undefined ? hideIp(actor.id, addressing) : orNull(actor.id),
      name: orNull(actor.name),
      role: orNull(actor.role),
      actingAs: orNull(actor.actingAs),
    },
    request: {
      ...request,
      peer: hideIp(request.peer, addressing),
      headers: {},
      whmcsIp: hideIp(request.whmcsIp, addressing),
      userAgent: orNull(request.userAgent),
      script: orNull(request.script),
      session: orNull(request.session),
    },
    ...(item.kind === 'table_change' ? { key: inText(item.key), after: item.after && inObject(item.after) } : {}),
    ...(item.kind === 'activity' ? { text: inText(item.text) } : {}),
  };
}

const SERVER_TABLES = new Set(['tblservers']);
const VISITOR_FIELD = /^(.+[_.-])?(ip|ip_?addr(ess)?|(client|user|admin|last|login|remote|visitor|order|signup)_?ip|remote_?(addr|ip)|forwarded(-for)?)$/i; // prettier-ignore

// Loose on purpose, and each find is read as an address before it counts. `1.2.3.4` inside a longer run of digits is none.
const IP_LIKE = /(?<!\d|\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)|(?<![0-9a-f:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?![0-9a-f:])/gi; // prettier-ignore

function replaceIps(text: string, addressing: Addressing, isMeant: (ip: string) => boolean): string {
  return text.replace(IP_LIKE, (found) => {
    // "IP:2001:db8::1" and "2001:db8::1: refused" bring a colon of the sentence along.
    const [, before = '', core = '', after = ''] = /^(:(?!:))?(.*?)((?<!:):)?$/.exec(found) ?? [];
    const ip = canonicalIp(found) ?? canonicalIp(core);
    // "::" is an address too, and a mark in many a text.
    if (ip === undefined || ip === '::' || !isMeant(ip)) return found;
    const hidden = hideIp(ip, addressing) ?? REMOVED_IP;
    return canonicalIp(found) === undefined ? before + hidden + after : hidden;
  });
}

/** Every address that the request came with. */
function ownIps({ request }: ReportedItem): ReadonlySet<string> {
  const texts = [request.peer ?? '', request.whmcsIp ?? '', ...Object.values(request.headers)];
  const found = texts.flatMap((text) => text.match(IP_LIKE) ?? []);
  return new Set(found.flatMap((one) => canonicalIp(one.replace(/^:(?!:)|(?<!:):$/g, '')) ?? []));
}
