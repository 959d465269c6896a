import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPrivateMariadb } from './private-mariadb';
import { ensureRequirements, findProgram, REQUIREMENTS } from './requirements';
import { addTallies, NOTHING_RAN, tallyJest, tallyPhpunit, type Tally } from './tally';

// `npm test`: everything, on real engines. `npm test -- server/core` hands what follows to jest and leaves the rest out.

const ROOT = path.join(__dirname, '..', '..');
const PHPUNIT_CONFIG = path.join(ROOT, 'hooks-bridge', 'tests', 'phpunit.xml');

interface Run {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly jestArgs: readonly string[];
  /** Undefined as soon as somebody asked to stop. */
  child: ChildProcess | undefined;
  isStopping: boolean;
}

async function main(jestArgs: readonly string[]): Promise<void> {
  const run: Run = {
    folder: mkdtempSync(path.join(tmpdir(), 'sealtrail-tests-')),
    env: { ...process.env },
    jestArgs,
    child: undefined,
    isStopping: false,
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      run.isStopping = true;
      if (run.child?.pid !== undefined) process.kill(-run.child.pid, 'SIGTERM');
    });
  }
  let tally: Tally;
  try {
    tally = await runEverything(run);
  } catch (error) {
    say((error as Error).message);
    if ((error as Error).cause !== undefined) say(String((error as Error).cause));
    tally = NOTHING_RAN;
  } finally {
    rmSync(run.folder, { recursive: true, force: true });
  }
  const failed = tally.failed + (tally.passed + tally.failed === 0 || run.isStopping ? 1 : 0);
  process.exitCode = failed === 0 ? 0 : 1;
  process.stdout.write(`\ntests: ${tally.passed} passed, ${failed} failed\n`);
}

async function runEverything(run: Run): Promise<Tally> {
  ensureRequirements(REQUIREMENTS, say);
  const build = await call(run, process.execPath, ['--import', 'tsx', 'server/build/build.ts'], { isQuiet: true });
  if (build !== 0) throw new Error('npm run build failed');

  const mariadb = await startPrivateMariadb();
  try {
    run.env['SEALTRAIL_TEST_MYSQL_URL'] = mariadb.url;
    run.env['SEALTRAIL_TEST_CHROMIUM'] = findProgram('chromium');
    const jest = await runJest(run);
    if (run.jestArgs.length > 0) return jest;
    return addTallies(jest, await runPhpunit(run));
  } finally {
    await mariadb.stop();
  }
}

async function runJest(run: Run): Promise<Tally> {
  const report = path.join(run.folder, 'jest.json');
  const args = ['--ci', '--maxWorkers=2', '--reporters=default', '--json', `--outputFile=${report}`, ...run.jestArgs];
  const status = await call(run, process.execPath, ['node_modules/jest/bin/jest.js', ...args]);
  return tallyJest(readIfThere(report), status);
}

async function runPhpunit(run: Run): Promise<Tally> {
  if (run.isStopping) return NOTHING_RAN;
  const report = path.join(run.folder, 'phpunit.xml');
  const status = await call(run, findProgram('phpunit') ?? 'phpunit', [
    '-c',
    PHPUNIT_CONFIG,
    '--colors=never',
    '--log-junit',
    report,
  ]);
  return tallyPhpunit(readIfThere(report), status);
}

/** Exit status of a program run in the project's folder. What a quiet one printed is shown when it fails. */
function call(
  run: Run,
  program: string,
  args: readonly string[],
  options: { readonly isQuiet?: boolean } = {},
): Promise<number> {
  if (run.isStopping) return Promise.resolve(1);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      // A process group of its own, so that its workers can be stopped with it.
      detached: true,
      env: run.env,
      stdio: ['ignore', options.isQuiet ? 'pipe' : 'inherit', options.isQuiet ? 'pipe' : 'inherit'],
    });
    run.child = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => (output += part.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      run.child = undefined;
      if (code !== 0 && output !== '') say(output);
      resolve(code ?? 1);
    });
  });
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

void main(process.argv.slice(2));
