import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

/** Something outside npm that the tests use, and the Debian packages that bring it. */
export interface Requirement {
  readonly what: string;
  readonly packages: readonly string[];
  isThere(): boolean;
}

const PHP_EXTENSIONS = ['pdo_mysql', 'curl', 'mbstring'];

export const REQUIREMENTS: readonly Requirement[] = [
  // The core package has the server's programs and, unlike mariadb-server, starts no service of the system's.
  program('mariadbd', ['mariadb-server-core']),
  program('mariadb-install-db', ['mariadb-server-core']),
  program('my_print_defaults', ['mariadb-client-core']),
  program('php', ['php-cli']),
  {
    what: `PHP's extensions ${PHP_EXTENSIONS.join(', ')}`,
    packages: ['php-mysql', 'php-curl', 'php-mbstring'],
    isThere: () => findProgram('php') !== undefined && hasPhpExtensions(),
  },
  program('phpunit', ['phpunit']),
  program('chromium', ['chromium']),
  { what: 'a font with Chinese characters', packages: ['fontconfig', 'fonts-noto-cjk'], isThere: hasChineseFont },
  program('soffice', ['libreoffice-calc']),
  program('openssl', ['openssl']),
  program('gzip', ['gzip']),
];

class MissingRequirementError extends Error {
  override name = 'MissingRequirementError';
}

/**
 * Makes sure that everything is there: installs what is missing where that is allowed (root on Debian or Ubuntu). Throws
 * MissingRequirementError that names what is missing and the packages to ask for; nothing is skipped.
 */
export function ensureRequirements(requirements: readonly Requirement[], say: (line: string) => void): void {
  const missing = requirements.filter((one) => !one.isThere());
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((one) => one.packages))];
  if (!canInstall())
    throw missingError(missing, packages, 'Only root on Debian or Ubuntu gets it installed by the tests.');
  say(`installing for the tests: ${packages.join(' ')}`);
  aptGet(['update', '-q']);
  aptGet(['install', '-q', '-y', '--no-install-recommends', ...packages]);
  const still = missing.filter((one) => !one.isThere());
  if (still.length > 0)
    throw missingError(still, [...new Set(still.flatMap((one) => one.packages))], 'Installing did not help.');
}

/** The first of these programs that can be run, with its folder; also in the sbin folders, which a PATH may lack. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isExecutable);
}

function program(name: string, packages: readonly string[]): Requirement {
  return { what: name, packages, isThere: () => findProgram(name) !== undefined };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function hasPhpExtensions(): boolean {
  const loaded = outputOf('php', ['-m']).toLowerCase().split(/\s+/);
  return PHP_EXTENSIONS.every((name) => loaded.includes(name));
}

function hasChineseFont(): boolean {
  return findProgram('fc-list') !== undefined && outputOf('fc-list', [':lang=zh-cn', 'family']).trim() !== '';
}

function outputOf(name: string, args: readonly string[]): string {
  return spawnSync(findProgram(name) ?? name, args, { encoding: 'utf8' }).stdout ?? '';
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findProgram('apt-get') !== undefined;
}

function aptGet(args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(findProgram('apt-get') ?? '', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0)
    throw new MissingRequirementError(`apt-get ${args.join(' ')} failed:\n${`${stdout}${stderr}`.slice(-2000)}`);
}

function missingError(
  missing: readonly Requirement[],
  packages: readonly string[],
  why: string,
): MissingRequirementError {
  const list = missing.map((one) => `- ${one.what} (package ${one.packages.join(', ')})`).join('\n');
  return new MissingRequirementError(
    `The tests need what this machine lacks:\n${list}\n${why} Ask for: apt-get install ${packages.join(' ')}`,
  );
}
