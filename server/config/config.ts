import path from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** Effective settings; made once, then passed in parts. */
export interface Config {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** A second folder for archives of what was pruned. */
  readonly archiveCopyDir: string | undefined;
  readonly masterKeyFile: string;
  readonly publicUrl: string;
  readonly trustedProxies: readonly string[];
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string | undefined;
  /** Who gets a mail when a verification finds a break. */
  readonly alertTo: readonly string[];
  /** How long a purge that was asked for on the pages waits until it may be confirmed. */
  readonly purgeDelayMs: number;
  readonly logLevel: string;
  /** PEM files of whoever signs bundles instead of us. */
  readonly signerFiles: { readonly certificate: string; readonly key: string } | undefined;
}

export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n- ${problems.join('\n- ')}`,
    );
    this.problems = problems;
  }
}

const text = z.string().trim();
const optionalText = text.optional().transform((value) => (value === '' ? undefined : value));

function isCidr(value: string): boolean {
  try {
    if (value.includes('/')) ipaddr.parseCIDR(value);
    else ipaddr.parse(value);
    return true;
  } catch {
    return false;
  }
}

function isUrl(protocols: readonly string[]) {
  return (value: string) => URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

function isDatabaseUrl(value: string): boolean {
  if (!isUrl(['mysql:', 'mariadb:'])(value)) return false;
  const url = new URL(value);
  return (url.hostname !== '' || url.searchParams.has('socket')) && url.pathname.length > 1;
}

const settings = z.object({
  SEALTRAIL_DATABASE_URL: text
    .default('sqlite:./data/sealtrail.db')
    .refine(
      (value) => /^sqlite:.+/.test(value) || isDatabaseUrl(value),
      'must be sqlite:PATH or mysql://user:pass@host:port/db',
    ),
  SEALTRAIL_HOST: text.regex(/^[^\s/]+$/, 'must be an address or a name').default('127.0.0.1'),
  SEALTRAIL_PORT: text
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port number')
    .default(8787),
  SEALTRAIL_DATA_DIR: text.min(1).default('./data'),
  SEALTRAIL_ARCHIVE_COPY_DIR: optionalText,
  SEALTRAIL_MASTER_KEY_FILE: optionalText,
  SEALTRAIL_PUBLIC_URL: optionalText.refine(
    (value) => value === undefined || isUrl(['http:', 'https:'])(value),
    'must be an http or https address',
  ),
  SEALTRAIL_TRUSTED_PROXIES: text
    .default('')
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ) // prettier-ignore
    .superRefine((list, context) => {
      for (const item of list)
        if (!isCidr(item)) context.addIssue({ code: 'custom', message: `${item} is neither an IP address nor a CIDR` });
    }),
  SEALTRAIL_SMTP_URL: optionalText.refine(
    (value) => value === undefined || isUrl(['smtp:', 'smtps:'])(value),
    'must be an smtp or smtps address',
  ),
  SEALTRAIL_MAIL_FROM: optionalText,
  SEALTRAIL_ALERT_TO: text
    .default('')
    .transform((value) => value.split(/[,\s]+/).filter((part) => part !== ''))
    .refine((list) => list.every((one) => /^[^@<>]+@[^@<>]+$/.test(one)), 'must be mail addresses, parted by commas'),
  SEALTRAIL_PURGE_DELAY_MINUTES: text
    .regex(/^\d{1,5}$/, 'must be a number of minutes')
    .transform(Number)
    .refine((minutes) => minutes >= 10 && minutes <= 43_200, 'must be 10 minutes to 43200 (30 days)')
    .default(1_440),
  SEALTRAIL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SEALTRAIL_SIGNER_CERT_FILE: optionalText,
  SEALTRAIL_SIGNER_KEY_FILE: optionalText,
});

const environment = settings.superRefine((value, context) => {
  const [given, missing] = value.SEALTRAIL_SIGNER_CERT_FILE ? ['CERT', 'KEY'] : ['KEY', 'CERT'];
  if ((value.SEALTRAIL_SIGNER_CERT_FILE === undefined) !== (value.SEALTRAIL_SIGNER_KEY_FILE === undefined))
    context.addIssue({ code: 'custom', path: [`SEALTRAIL_SIGNER_${missing}_FILE`], message: `must be set where SEALTRAIL_SIGNER_${given}_FILE is` }); // prettier-ignore
});

/** Every key this program reads from the environment. */
export const CONFIG_KEYS: readonly string[] = Object.keys(settings.shape);

/** Throws ConfigError naming every problem at once; a malformed value is never replaced by a default. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  // An empty value is one that is not set: env files and service units cannot say it otherwise.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  const value = parsed.data;
  const host = value.SEALTRAIL_HOST.includes(':') ? `[${value.SEALTRAIL_HOST}]` : value.SEALTRAIL_HOST;
  return Object.freeze({
    databaseUrl: inDataDir(value.SEALTRAIL_DATABASE_URL, given['SEALTRAIL_DATABASE_URL'], value.SEALTRAIL_DATA_DIR),
    host: value.SEALTRAIL_HOST,
    port: value.SEALTRAIL_PORT,
    dataDir: value.SEALTRAIL_DATA_DIR,
    archiveCopyDir: value.SEALTRAIL_ARCHIVE_COPY_DIR,
    masterKeyFile: value.SEALTRAIL_MASTER_KEY_FILE ?? path.join(value.SEALTRAIL_DATA_DIR, 'master.key'),
    publicUrl: (value.SEALTRAIL_PUBLIC_URL ?? `http://${host}:${value.SEALTRAIL_PORT}`).replace(/\/+$/, ''),
    trustedProxies: value.SEALTRAIL_TRUSTED_PROXIES,
    smtpUrl: value.SEALTRAIL_SMTP_URL,
    mailFrom: value.SEALTRAIL_MAIL_FROM,
    alertTo: value.SEALTRAIL_ALERT_TO,
    purgeDelayMs: value.SEALTRAIL_PURGE_DELAY_MINUTES * 60_000,
    logLevel: value.SEALTRAIL_LOG_LEVEL,
    signerFiles: signerFiles(value.SEALTRAIL_SIGNER_CERT_FILE, value.SEALTRAIL_SIGNER_KEY_FILE),
  });
}

function signerFiles(certificate: string | undefined, key: string | undefined): Config['signerFiles'] {
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

/** Whoever moves the data folder means the embedded store with it. */
function inDataDir(url: string, given: string | undefined, dataDir: string): string {
  return given === undefined ? `sqlite:${path.join(dataDir, 'sealtrail.db')}` : url;
}

/** The settings as `config` prints them: secrets hidden. */
export function describeConfig(config: Config): Readonly<Record<string, string>> {
  return {
    SEALTRAIL_DATABASE_URL: hidePassword(config.databaseUrl),
    SEALTRAIL_HOST: config.host,
    SEALTRAIL_PORT: String(config.port),
    SEALTRAIL_DATA_DIR: config.dataDir,
    SEALTRAIL_ARCHIVE_COPY_DIR: config.archiveCopyDir ?? '',
    SEALTRAIL_MASTER_KEY_FILE: config.masterKeyFile,
    SEALTRAIL_PUBLIC_URL: config.publicUrl,
    SEALTRAIL_TRUSTED_PROXIES: config.trustedProxies.join(','),
    SEALTRAIL_SMTP_URL: config.smtpUrl === undefined ? '' : hidePassword(config.smtpUrl),
    SEALTRAIL_MAIL_FROM: config.mailFrom ?? '',
    SEALTRAIL_ALERT_TO: config.alertTo.join(','),
    SEALTRAIL_PURGE_DELAY_MINUTES: String(config.purgeDelayMs / 60_000),
    SEALTRAIL_LOG_LEVEL: config.logLevel,
    SEALTRAIL_SIGNER_CERT_FILE: config.signerFiles?.certificate ?? '',
    SEALTRAIL_SIGNER_KEY_FILE: config.signerFiles?.key ?? '',
  };
}

/** Which store a database address means, whoever signs in to it. */
export function storeName(databaseUrl: string): string {
  if (databaseUrl.startsWith('sqlite:')) return `sqlite:${path.resolve(databaseUrl.slice('sqlite:'.length))}`;
  const { protocol, host, pathname, searchParams } = new URL(databaseUrl);
  return `${protocol}//${host}${pathname}${searchParams.get('socket') ?? ''}`;
}

export function hidePassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:/@]*):.*@/i, '$1:***@');
}
