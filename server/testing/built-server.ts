import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'server', 'cli', 'main.js');

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly nodeArgs?: readonly string[];
}

/** The built program, as an operator runs it, in a clean environment. */
export function runProgram(
  argv: readonly string[],
  { env, cwd, nodeArgs = [] }: ProgramOptions,
): Promise<ProgramResult> {
  requireBuild();
  return new Promise((resolve) => {
    const options = { env: cleanEnv(env), cwd, maxBuffer: 256 * 1024 * 1024 };
    execFile(process.execPath, [...nodeArgs, MAIN, ...argv], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** A command of the built program that goes on by itself, to be ended in the middle. */
export function spawnProgram(argv: readonly string[], { env }: Pick<ProgramOptions, 'env'>): ChildProcess {
  requireBuild();
  return spawn(process.execPath, [MAIN, ...argv], { env: cleanEnv(env), stdio: 'ignore' });
}

/** A program that prints one line of JSON and then goes on. */
export interface StartedProgram {
  readonly line: Readonly<Record<string, string>>;
  readonly process: ChildProcess;
  /** Resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface ServedProgram extends Omit<StartedProgram, 'line'> {
  readonly url: string;
  readonly signIn: string;
}

/** `serve --json` of the built program, ready to answer. */
export async function serveProgram(options: ProgramOptions): Promise<ServedProgram> {
  const { line, ...program } = await startProgram(['serve'], options);
  return { ...program, url: line['url'] ?? '', signIn: line['sign_in'] ?? '' };
}

/** A command of the built program that goes on until it is told to end. */
export async function startProgram(argv: readonly string[], { env, cwd }: ProgramOptions): Promise<StartedProgram> {
  requireBuild();
  const child = spawn(process.execPath, [MAIN, ...argv, '--json'], {
    env: cleanEnv(env),
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void gone.then(() => reject(new Error(`the program ended: ${errors}`)));
  });
  return {
    line: JSON.parse(line) as Record<string, string>,
    process: child,
    async end(signal) {
      child.kill(signal);
      await gone;
    },
  };
}

function cleanEnv(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('SEALTRAIL_'));
  return { ...Object.fromEntries(inherited), ...env };
}

function requireBuild(): void {
  if (!existsSync(MAIN))
    throw new Error('The program is not built: run this through `npm test`, or `npm run build` first.');
}
