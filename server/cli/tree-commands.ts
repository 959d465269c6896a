import { readFileSync, writeFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { storedTime } from '../core/stored-time';
import type { Deps } from '../deps';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { Ledger } from '../entries/entry-store';
import type { CliContext } from './cli-context';
import { checkProof } from './check-proof';
import { withDeps } from './with-deps';

interface CheckpointFlags {
  readonly ledger?: string;
  readonly vkey?: boolean;
  readonly newOrigin?: boolean;
  readonly reason?: string;
}

interface ProofFlags {
  readonly ledger: string;
  readonly output?: string;
  readonly verify?: string;
  readonly vkey?: readonly string[];
  readonly record?: string;
}

/** Signed tree heads, and proofs that somebody without access can check. */
export function addTreeCommands(program: Command, context: CliContext): void {
  program
    .command('checkpoint')
    .description('sign what is stored now, and print the note')
    .option('--ledger <name>', 'one ledger instead of all')
    .option('--vkey', 'print the verifier keys instead, the present one first')
    .option('--new-origin', 'let a stopped ledger go on under a new origin that names the old one')
    .option('--reason <text>', 'why, for the entry about the new origin')
    .action((flags: CheckpointFlags) => withDeps(context.config(), (deps) => printCheckpoints(deps, context, flags)));

  program
    .command('proof')
    .description('prove one entry (a .tlog-proof file), or check such a file without a store')
    .argument('[seq]', 'sequence number of the entry', sequence)
    .option('--ledger <name>', 'its ledger', DEFAULT_TENANT)
    .option('--output <file>', 'write to a file instead of the standard output')
    .option('--verify <file>', 'check this proof; needs --vkey and nothing else of ours')
    .option('--vkey <key...>', 'verifier key of the log, as "checkpoint --vkey" printed it once')
    .option('--record <file>', 'the sealed record, where the proof does not hold it')
    .action((seq: number | undefined, flags: ProofFlags) => {
      if (flags.verify !== undefined) return verifyProof(context, flags, flags.verify);
      if (seq === undefined) throw new Error('Name the entry, as in: sealtrail proof 42');
      return withDeps(context.config(), (deps) => printProof(deps, context, seq, flags));
    });
}

async function printCheckpoints(deps: Deps, context: CliContext, flags: CheckpointFlags): Promise<void> {
  const ledgers = flags.ledger === undefined ? await deps.store.listLedgers() : [await getLedger(deps, flags.ledger)];
  if (flags.vkey) {
    const keys = await Promise.all(ledgers.map((ledger) => deps.checkpoints.vkeys(ledger)));
    return context.print({ vkeys: keys.flat() }, keys.flat());
  }
  if (flags.newOrigin && (flags.reason ?? '').trim() === '') throw new Error('--new-origin needs --reason TEXT');
  const printed = [];
  for (const ledger of ledgers) {
    const checkpoint = flags.newOrigin
      ? await deps.checkpoints.startOrigin(ledger, flags.reason ?? '')
      : await deps.checkpoints.sign(ledger, 'request');
    const { note, origin, size, root, signedAt } = checkpoint;
    printed.push({ ledger: ledger.name, origin, size, root, note, signed_at: storedTime(signedAt) });
  }
  context.print({ checkpoints: printed }, printed.map(({ note }) => note.trimEnd())); // prettier-ignore
}

async function printProof(deps: Deps, context: CliContext, seq: number, flags: ProofFlags): Promise<void> {
  const ledger = await getLedger(deps, flags.ledger);
  const proof = await deps.proofs.proveEntry(ledger, seq);
  if (proof === undefined) throw new Error(`Ledger ${ledger.name} has no entry ${seq}.`);
  if (flags.output === undefined) return context.print({ ledger: ledger.name, seq, proof }, [proof.trimEnd()]);
  writeFileSync(flags.output, proof, { mode: 0o600 });
  context.print({ ledger: ledger.name, seq, output: flags.output }, [`Wrote ${flags.output}.`]);
}

function verifyProof(context: CliContext, flags: ProofFlags, file: string): void {
  if (!flags.vkey) throw new Error('--verify needs --vkey KEY: the verifier key that you got from somebody you trust.');
  const record = flags.record === undefined ? undefined : readFileSync(flags.record, 'utf8');
  const result = checkProof({ proof: readFileSync(file, 'utf8'), record, vkeys: flags.vkey });
  context.print(result, result.lines);
  if (!result.ok) context.setExitCode(1);
}

async function getLedger(deps: Deps, name: string): Promise<Ledger> {
  const ledger = await deps.store.findLedger(name);
  if (!ledger) throw new Error(`There is no ledger named ${name}.`);
  return ledger;
}

function sequence(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError('write a sequence number, 1 or more.');
  return Number(value);
}
