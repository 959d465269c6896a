import { InvalidArgumentError, type Command } from 'commander';
import type { Verdict } from '../core/verify';
import { parseVkey } from '../core/note-key';
import { verifyBundle, type BundleReport } from '../features/bundle/verify-bundle';
import type { CliContext } from './cli-context';

const EXIT: Readonly<Record<Verdict, number>> = { intact: 0, broken: 1, cannot_tell: 3 };

/** What somebody does who was handed a bundle: no store and no key are needed, nothing is read but the file. */
export function addBundleCommands(program: Command, context: CliContext): void {
  const bundle = program.command('bundle').description('signed bundles: check one offline');
  bundle
    .command('verify')
    .description('check a signed bundle; exit 0 intact, 1 broken, 2 could not run, 3 cannot tell')
    .argument('<file>')
    .option('--vkey <key>', 'key of the checkpoints as you know it from elsewhere; may be given again', vkeys, [])
    .option('--root-fingerprint <sha256>', 'SHA-256 of the topmost certificate as you know it from elsewhere', sha256)
    .action(async (file: string, options: { vkey: string[]; rootFingerprint?: string }) => {
      const report = await verifyBundle(file, { vkeys: options.vkey, rootFingerprint: options.rootFingerprint });
      context.print(report, describe(file, report));
      context.setExitCode(EXIT[report.verdict]);
    });
}

function describe(file: string, report: BundleReport): string[] {
  const head = {
    intact: `✅ ${file}: intact, ${report.entries} ${report.entries === 1 ? 'entry' : 'entries'}`,
    broken: `❌ ${file}: broken`,
    cannot_tell: `? ${file}: cannot tell`,
  };
  const { signer, checkpoint } = report;
  return [
    head[report.verdict],
    ...report.problems.map(
      ({ file: name, detail, seq }) => `   ${name}${seq === undefined ? '' : ` #${seq}`}: ${detail}`,
    ),
    ...(signer ? [`   signed by ${signer.subject}, ${signer.signed_at ?? 'time unknown'}`, `   certificate ${signer.root_fingerprint}`] : []), // prettier-ignore
    ...(checkpoint
      ? [`   checkpoint of ${checkpoint.size} entries, signed by ${checkpoint.signed_by.join(', ')}`]
      : []),
    ...report.notes.map((note) => `   note: ${note}`),
  ];
}

function vkeys(value: string, before: string[]): string[] {
  if (!parseVkey(value)) throw new InvalidArgumentError('write a key as it stands in the file vkeys.');
  return [...before, value];
}

function sha256(value: string): string {
  if (!/^[0-9a-f]{64}$/i.test(value.replaceAll(':', ''))) throw new InvalidArgumentError('write 64 hex digits.');
  return value;
}
