import ipaddr from 'ipaddr.js';
import { isLanguage, isTimeZone, LANGUAGES, type Language } from '../../http/i18n';

export const IP_MODES = ['full', 'hashed', 'none'] as const;
/** How addresses of people are stored: as they are, as a salted hash, or not at all. */
export type IpMode = (typeof IP_MODES)[number];

export const SMTP_SECURITIES = ['starttls', 'tls', 'none'] as const;
export type SmtpSecurity = (typeof SMTP_SECURITIES)[number];

/** What holds for a tenant: what was set, and the default for what was not. */
export interface Settings {
  /** '' where nobody has written it. */
  readonly organisation: string;
  readonly supportUrl: string | null;
  /** For readers who chose none; null is UTC. */
  readonly timeZone: string | null;
  /** For readers whose browser asks for none of `languages`. */
  readonly language: Language;
  /** Offered to readers, in the order of LANGUAGES. */
  readonly languages: readonly Language[];
  readonly recordReads: boolean;
  readonly ipMode: IpMode;
  /** Addresses and CIDRs set here; the environment may name more. */
  readonly trustedProxies: readonly string[];
  /** The mail server set here; null is none. Its password is read by `readSmtpPassword`. */
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    readonly security: SmtpSecurity;
    readonly user: string | null;
    readonly hasPassword: boolean;
  } | null;
  readonly mailFrom: string | null;
  readonly alertTo: readonly string[];
}

/** Why a text is not a value of its setting; a text key of the pages. */
export type SettingProblem =
  | 'too_long'
  | 'not_url'
  | 'not_time_zone'
  | 'not_language'
  | 'no_language'
  | 'language_not_offered'
  | 'not_choice'
  | 'not_proxy'
  | 'any_address'
  | 'over_limit'
  | 'not_host'
  | 'not_port'
  | 'not_address'
  | 'no_user'
  | 'not_here';

type Parsed = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly problem: SettingProblem };

interface Definition {
  /** The text that stands for what nobody has set. */
  readonly fallback: string;
  /** Set for the whole installation, in the ledger of its first tenant. */
  readonly isShared?: true;
  /** Stored wrapped by the master key, and never shown. */
  readonly isSecret?: true;
  /** Where it is one of them, or a list of them. */
  readonly choices?: readonly string[];
  /** Any way of writing it to the one way it is stored. */
  readonly parse: (text: string) => Parsed;
}

const ok = (value: string): Parsed => ({ ok: true, value });
const wrong = (problem: SettingProblem): Parsed => ({ ok: false, problem });

/** Every setting, by the name that stands in the table, in entries and on the command line. */
const DEFINITIONS = {
  organisation: { fallback: '', parse: line(191) },
  support_url: { fallback: '', parse: (text) => (text === '' || isWebAddress(text) ? line(500)(text) : wrong('not_url')) }, // prettier-ignore
  record_reads: { fallback: 'on', ...oneOf(['on', 'off']) },
  ip_mode: { fallback: 'full', ...oneOf(IP_MODES) },
  time_zone: { fallback: '', isShared: true, parse: (text) => (text === '' || isTimeZone(text) ? ok(text) : wrong('not_time_zone')) }, // prettier-ignore
  language: {
    fallback: 'en',
    isShared: true,
    choices: LANGUAGES,
    parse: (text) => (isLanguage(text) ? ok(text) : wrong('not_language')),
  },
  languages: { fallback: LANGUAGES.join(', '), isShared: true, choices: LANGUAGES, parse: parseLanguages },
  trusted_proxies: { fallback: '', isShared: true, parse: parseProxies },
  smtp_server: { fallback: '', isShared: true, parse: (text) => (text === '' || isHost(text) ? ok(text.toLowerCase()) : wrong('not_host')) }, // prettier-ignore
  smtp_port: { fallback: '587', isShared: true, parse: parsePort },
  smtp_security: { fallback: 'starttls', isShared: true, ...oneOf(SMTP_SECURITIES) },
  smtp_account: { fallback: '', isShared: true, parse: line(191) },
  smtp_password: { fallback: '', isShared: true, isSecret: true, parse: (text) => (text.length > 191 ? wrong('too_long') : ok(text)) }, // prettier-ignore
  mail_from: { fallback: '', isShared: true, parse: (text) => (text === '' || isSender(text) ? ok(text) : wrong('not_address')) }, // prettier-ignore
  alert_to: { fallback: '', isShared: true, parse: parseAddresses },
} as const satisfies Readonly<Record<string, Definition>>;

export type SettingName = keyof typeof DEFINITIONS;
export const SETTING_NAMES = Object.keys(DEFINITIONS) as readonly SettingName[];

/** Settings as texts, in the one way in which they are stored. */
export type SettingTexts = Readonly<Record<SettingName, string>>;

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(DEFINITIONS, name);
}

export function definitionOf(name: SettingName): Definition {
  return DEFINITIONS[name];
}

/** What was typed as a value of a setting, or why it is none. White space around it does not count, but in a password. */
export function parseSetting(name: SettingName, typed: string): Parsed {
  const { isSecret, parse } = definitionOf(name);
  return parse(isSecret ? typed : typed.trim().toWellFormed());
}

/** What does not fit together among values that are right by themselves. */
export function findMisfits(texts: SettingTexts): Partial<Record<SettingName, SettingProblem>> {
  return {
    ...(listOf(texts.languages).includes(texts.language) ? {} : { language: 'language_not_offered' as const }),
    ...(texts.smtp_password !== '' && texts.smtp_account === '' ? { smtp_account: 'no_user' as const } : {}),
  };
}

export function defaultTexts(): Record<SettingName, string> {
  return Object.fromEntries(SETTING_NAMES.map((name) => [name, definitionOf(name).fallback])) as Record<SettingName, string>; // prettier-ignore
}

export function toSettings(texts: SettingTexts): Settings {
  const orNull = (text: string) => (text === '' ? null : text);
  return {
    organisation: texts.organisation,
    supportUrl: orNull(texts.support_url),
    timeZone: orNull(texts.time_zone),
    language: texts.language as Language,
    languages: listOf(texts.languages) as Language[],
    recordReads: texts.record_reads === 'on',
    ipMode: texts.ip_mode as IpMode,
    trustedProxies: listOf(texts.trusted_proxies),
    smtp:
      texts.smtp_server === ''
        ? null
        : {
            host: texts.smtp_server,
            port: Number(texts.smtp_port),
            security: texts.smtp_security as SmtpSecurity,
            user: orNull(texts.smtp_account),
            hasPassword: texts.smtp_password !== '',
          },
    mailFrom: orNull(texts.mail_from),
    alertTo: listOf(texts.alert_to),
  };
}

/** The parts of a list as it is typed or stored: between commas, white space or lines. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((part) => part !== ''))];
}

function line(max: number) {
  return (text: string): Parsed => (text.length > max ? wrong('too_long') : ok(text.replace(/\s+/g, ' ')));
}

function oneOf(choices: readonly string[]) {
  return { choices, parse: (text: string): Parsed => (choices.includes(text) ? ok(text) : wrong('not_choice')) };
}

/** Somebody clicks it: nothing but a page or a mail address. */
function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:', 'mailto:'].includes(new URL(text).protocol);
}

function parseLanguages(text: string): Parsed {
  const given = listOf(text);
  if (given.length === 0) return wrong('no_language');
  if (!given.every(isLanguage)) return wrong('not_language');
  return ok(LANGUAGES.filter((language) => given.includes(language)).join(', '));
}

const MAX_PROXIES = 200;

function parseProxies(text: string): Parsed {
  const given = listOf(text);
  if (given.length > MAX_PROXIES) return wrong('over_limit');
  for (const one of given) {
    const [address = '', bits, ...more] = one.split('/');
    const isFour = ipaddr.IPv4.isValidFourPartDecimal(address);
    if ((!isFour && !ipaddr.IPv6.isValid(address)) || address.includes('%') || more.length > 0) return wrong('not_proxy'); // prettier-ignore
    if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > (isFour ? 32 : 128))) return wrong('not_proxy'); // prettier-ignore
    // Whoever trusts everybody lets everybody choose the address that is recorded.
    if (bits !== undefined && Number(bits) === 0) return wrong('any_address');
  }
  return ok(given.join(', '));
}

function isHost(text: string): boolean {
  return text.length <= 253 && (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) || ipaddr.IPv6.isValid(text));
}

function parsePort(text: string): Parsed {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
    ? ok(String(Number(text)))
    : wrong('not_port');
}

const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;

/** `a@b` or `Name <a@b>`, in one line: a line end would be another header. */
function isSender(text: string): boolean {
  const bare = /^[^<>\r\n]*<([^<>]+)>$/.exec(text)?.[1] ?? text;
  return text.length <= 191 && ADDRESS.test(bare);
}

function parseAddresses(text: string): Parsed {
  const given = listOf(text);
  if (given.length > 50) return wrong('over_limit');
  return given.every((one) => one.length <= 191 && ADDRESS.test(one)) ? ok(given.join(', ')) : wrong('not_address');
}
