#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { ConfigError, describeConfig, readConfig } from '../config/config';
import { KnownError } from '../errors';
import { addAccessCommands } from './access-commands';
import { addRoleCommands } from './role-commands';
import { addArchiveCommands } from './archive-commands';
import { addAnchorCommands } from './anchor-commands';
import type { CliContext } from './cli-context';
import { addBundleCommands } from './bundle-commands';
import { addDangerCommands } from './danger-commands';
import { addDataCommands } from './data-commands';
import { addHoldCommands } from './hold-commands';
import { addRetentionCommands } from './retention-commands';
import { addKeyCommands } from './key-commands';
import { addEraseCommand } from './erase-command';
import { addServerCommands } from './server-commands';
import { addSettingsCommands } from './settings-commands';
import { addTreeCommands } from './tree-commands';
import { addVerifyCommand } from './verify-command';
import { addWitnessCommands } from './witness-commands';
import { addWorkCommand } from './work-command';

/** Exit code for "could not do its work": bad arguments, database away (CONTRACT section 3). */
const FAILED = 2;

export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const wantsJson = argv.includes('--json');
  const context: CliContext = {
    config: () => readConfig(process.env),
    print: (json, lines) =>
      process.stdout.write(wantsJson ? `${JSON.stringify(json)}\n` : lines.map((line) => `${line}\n`).join('')),
    warn: (line) => process.stderr.write(`${line}\n`),
    setExitCode: (code) => {
      exitCode = code;
    },
  };

  const program = new Command('sealtrail');
  program
    .description('Tamper-evident audit trail for hosting-billing systems')
    .exitOverride()
    .showHelpAfterError(false);
  program.configureOutput({ writeErr: () => undefined });
  addServerCommands(program, context);
  addWorkCommand(program, context);
  addAccessCommands(program, context);
  addRoleCommands(program, context);
  addVerifyCommand(program, context);
  addTreeCommands(program, context);
  addDataCommands(program, context);
  addRetentionCommands(program, context);
  addHoldCommands(program, context);
  addArchiveCommands(program, context);
  addDangerCommands(program, context);
  addEraseCommand(program, context);
  addAnchorCommands(program, context);
  addWitnessCommands(program, context);
  addBundleCommands(program, context);
  addKeyCommands(program, context);
  addSettingsCommands(program, context);
  program
    .command('config')
    .description('print the effective settings with secrets hidden')
    .action(() => {
      const settings = describeConfig(context.config());
      context.print(settings, Object.entries(settings).map(([key, value]) => `${key}=${value}`)); // prettier-ignore
    });
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command !== program) command.addOption(new Option('--json', 'print one JSON document and nothing else'));
  }

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === 'commander.help') {
      process.stderr.write(program.helpInformation());
      return FAILED;
    }
    process.stderr.write(`${explain(error)}\n`);
    return FAILED;
  }
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((sub) => allCommands(sub))];
}

/** What a system says about a file (errno(3)), in words. */
const FILE_FAULTS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['ENOTDIR', 'a part of this path is no folder'],
  ['EISDIR', 'this is a folder'],
  ['EACCES', 'the user of this process has no access to it'],
  ['EPERM', 'the user of this process may not do this'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
]);

/** One clear line; a configuration error may need a line for each problem. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof KnownError) return error.detail === '' ? error.code : error.detail;
  if (error instanceof CommanderError) return error.message.replace(/^error: /, '');
  const message = error instanceof Error ? error.message : String(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  // An error with several causes at once (IPv4 and IPv6 refused) has no message of its own.
  const text = message === '' ? code || 'the database cannot be reached' : message;
  const fault = FILE_FAULTS.get(code);
  // Some are about what is open already, and name nothing.
  if (fault !== undefined) return error instanceof Error && 'path' in error ? `${String(error.path)}: ${fault}.` : `A file cannot be used: ${fault}.`; // prettier-ignore
  if (
    [
      'ECONNREFUSED',
      'ENOTFOUND',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'ER_ACCESS_DENIED_ERROR',
      'ER_ACCESS_DENIED_NO_PASSWORD_ERROR',
      'ER_BAD_DB_ERROR',
    ].includes(code)
  )
    return `The database cannot be reached: ${text.split('\n')[0]}`;
  return text.split('\n')[0] ?? text;
}

if (require.main === module) {
  void runCli(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
