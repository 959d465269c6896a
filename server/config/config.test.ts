import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROGRAM_ROOT } from '../root';
import { CONFIG_KEYS, ConfigError, describeConfig, hidePassword, readConfig } from './config';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const example = readFileSync(path.join(PROGRAM_ROOT, '.env.example'), 'utf8').split('\n').filter((line) => line !== ''); // prettier-ignore

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      databaseUrl: 'sqlite:data/sealtrail.db',
      host: '127.0.0.1',
      port: 8787,
      dataDir: './data',
      archiveCopyDir: undefined,
      masterKeyFile: 'data/master.key',
      publicUrl: 'http://127.0.0.1:8787',
      trustedProxies: [],
      smtpUrl: undefined,
      mailFrom: undefined,
      alertTo: [],
      purgeDelayMs: 86_400_000,
      logLevel: 'info',
    });
  });

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it('moves store and key with the data folder, unless they are named', () => {
    expect(readConfig({ SEALTRAIL_DATA_DIR: '/srv/x' })).toMatchObject({
      databaseUrl: 'sqlite:/srv/x/sealtrail.db',
      masterKeyFile: '/srv/x/master.key',
    });
    const named = {
      SEALTRAIL_DATA_DIR: '/srv/x',
      SEALTRAIL_DATABASE_URL: 'mysql://u@h/d',
      SEALTRAIL_MASTER_KEY_FILE: '/etc/k',
    };
    expect(readConfig(named)).toMatchObject({ databaseUrl: 'mysql://u@h/d', masterKeyFile: '/etc/k' });
  });

  it('makes the public address from host and port, with brackets for IPv6 and no slash at the end', () => {
    expect(readConfig({ SEALTRAIL_HOST: '::1', SEALTRAIL_PORT: '80' }).publicUrl).toBe('http://[::1]:80');
    expect(readConfig({ SEALTRAIL_PUBLIC_URL: 'https://audit.example.org/x//' }).publicUrl).toBe(
      'https://audit.example.org/x',
    );
  });

  it('reads a list of proxies', () => {
    expect(readConfig({ SEALTRAIL_TRUSTED_PROXIES: ' 10.0.0.0/8, ::1 ,, 192.0.2.1' }).trustedProxies).toEqual([
      '10.0.0.0/8',
      '::1',
      '192.0.2.1',
    ]);
  });

  it('reports every problem at once, each with its key', () => {
    const problems = problemsOf({
      SEALTRAIL_DATABASE_URL: 'postgres://x',
      SEALTRAIL_HOST: 'two words',
      SEALTRAIL_PORT: '99999',
      SEALTRAIL_PUBLIC_URL: 'ftp://x',
      SEALTRAIL_TRUSTED_PROXIES: '10.0.0.0/8,proxy.example.org,1.2.3.4/99',
      SEALTRAIL_SMTP_URL: 'mail.example.org',
      SEALTRAIL_LOG_LEVEL: 'loud',
    });
    const keys = [
      'DATABASE_URL',
      'HOST',
      'PORT',
      'PUBLIC_URL',
      'TRUSTED_PROXIES',
      'TRUSTED_PROXIES',
      'SMTP_URL',
      'LOG_LEVEL',
    ];
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(keys.map((key) => `SEALTRAIL_${key}`));
    expect(problems.join('\n')).toContain('proxy.example.org is neither an IP address nor a CIDR');
    expect(problems.join('\n')).toContain('1.2.3.4/99');
  });

  it.each<[string, string[]]>([
    ['SEALTRAIL_PORT', ['x', '-1', '65536', '80.5', 'NaN', '8787x', '0x50', '1e3']],
    ['SEALTRAIL_DATABASE_URL', ['sqlite:', 'mysql:', 'mysql://', 'http://h/d', 'data.db', 'postgres://u@h/d']],
    ['SEALTRAIL_PUBLIC_URL', ['audit.example.org', 'javascript:alert(1)', 'https://']],
    ['SEALTRAIL_TRUSTED_PROXIES', ['*', 'all', '10.0.0.0/33', '300.1.1.1', '10.0.0.1-10.0.0.9']],
    ['SEALTRAIL_SMTP_URL', ['http://x', 'localhost:25']],
    ['SEALTRAIL_PURGE_DELAY_MINUTES', ['0', '9', '43201', '1.5', '-10', 'day']],
    ['SEALTRAIL_LOG_LEVEL', ['INFO', 'verbose']],
  ])('refuses a malformed %s, and never falls back to the default', (key, values) => {
    expect(values.filter((value) => problemsOf({ [key]: value }).length !== 1)).toEqual([]);
  });

  // `KEY=` in an env file is the way to say "not set".
  it.each(CONFIG_KEYS)('takes an empty %s for one that is not set, or refuses it', (key) => {
    const defaults = readConfig({});
    if (problemsOf({ [key]: '' }).length === 0) expect(readConfig({ [key]: '' })).toEqual(defaults);
  });
});

describe('.env.example', () => {
  it('has every key once, in order, with a line that explains it, and no other', () => {
    const keys = example.filter((line) => !line.startsWith('#')).map((line) => line.split('=')[0]);
    expect(keys).toEqual(CONFIG_KEYS);
    expect(example.map((line) => line.startsWith('# '))).toEqual(CONFIG_KEYS.flatMap(() => [true, false]));
  });

  it('says what happens without it', () => {
    const env = Object.fromEntries(
      example
        .filter((line) => !line.startsWith('#'))
        .map((line) => line.split(/=(.*)/).slice(0, 2) as [string, string]),
    );
    const normal = ({ databaseUrl, masterKeyFile, ...rest }: ReturnType<typeof readConfig>) => ({
      ...rest,
      paths: [databaseUrl, masterKeyFile].map((one) => one.replace('./', '')),
    });
    expect(normal(readConfig(env))).toEqual(normal(readConfig({})));
  });
});

describe('describeConfig', () => {
  it('shows every key and no password', () => {
    const config = readConfig({
      SEALTRAIL_DATABASE_URL: 'mysql://audit:S3CRET@h:3306/d',
      SEALTRAIL_SMTP_URL: 'smtps://mail:S3CRET@h',
    });
    const shown = describeConfig(config);
    expect(Object.keys(shown)).toEqual(CONFIG_KEYS);
    expect(JSON.stringify(shown)).not.toContain('S3CRET');
    expect(shown['SEALTRAIL_DATABASE_URL']).toBe('mysql://audit:***@h:3306/d');
  });

  it.each([
    ['mysql://u:p%40ss@h/d', 'mysql://u:***@h/d'],
    ['mysql://u:S3@CRET@h/d', 'mysql://u:***@h/d'],
    ['mysql://u:@h/d', 'mysql://u:***@h/d'],
    ['mysql://u@h/d', 'mysql://u@h/d'],
    ['sqlite:./data/a:b@c.db', 'sqlite:./data/a:b@c.db'],
  ])('writes %s as %s', (url, shown) => {
    expect(hidePassword(url)).toBe(shown);
  });
});
