import { Option, type Command } from 'commander';
import type { Deps } from '../deps';
import { EXPORT_FORMATS, type ExportFormat } from '../features/export/export-service';
import { ArchiveError, type ListedArchive } from '../features/retention/archive-service';
import type { CliContext } from './cli-context';
import { ledgersOf } from './retention-commands';
import { withDeps } from './with-deps';
import { writeOutput } from './write-output';

/** Archives of what was pruned. */
export function addArchiveCommands(program: Command, context: CliContext): void {
  const command = program.command('archive').description('archives of what was pruned');
  command
    .command('list')
    .description('every archive, and whether its file is there')
    .option('--ledger <name>', 'one ledger instead of all')
    .action((flags: { ledger?: string }) =>
      withDeps(context.config(), async (deps) => {
        const listed = [];
        for (const ledger of await ledgersOf(deps, flags.ledger))
          for (const one of await deps.retention.archives.list(ledger)) listed.push(archiveRow(ledger.name, one));
        context.print(listed, listed.length === 0 ? ['Nothing was pruned yet.'] : listed.map(archiveLine));
      }),
    );
  command
    .command('verify')
    .description('check an archive against its certificate; exit 0 as it was, 1 not so')
    .argument('<file>')
    .action((file: string) =>
      withDeps(context.config(), async (deps) => {
        const report = await verified(deps, file);
        context.print(report, [
          report.faults.length > 0 ? `❌ ${file} is not what was pruned` : `✅ ${file}: ${report.entries} entries, as they were pruned`,
          ...report.faults.map((fault) => `   ${fault}`),
        ]); // prettier-ignore
        if (report.faults.length > 0) context.setExitCode(1);
      }),
    );
  command
    .command('read')
    .description('write the entries of an archive as CSV, JSON or NDJSON')
    .argument('<file>')
    .addOption(new Option('--format <format>', 'form of the output').choices([...EXPORT_FORMATS]).makeOptionMandatory())
    .option('--output <to>', 'write to a file instead of the standard output')
    .action((file: string, flags: { format: ExportFormat; output?: string }) =>
      withDeps(context.config(), async (deps) => {
        const { ledger, entries } = await deps.retention.archives.open(file);
        await deps.ownEvents.record(ledger.tenant.slug, {
          action: 'audit.exported',
          targetId: flags.format,
          payload: { format: flags.format, archive: file },
          via: 'cli',
        });
        const pages = async function* () {
          for await (const rows of entries) yield await deps.browse.viewRows(ledger, rows);
        };
        await writeOutput(deps.exports.write(pages(), flags.format), flags.output);
        if (flags.output !== undefined) context.print({ output: flags.output }, [`Wrote ${flags.output}.`]);
      }),
    );
}

/** A file that cannot be read to its end is not what was pruned. */
async function verified(deps: Deps, file: string) {
  try {
    const report = await deps.retention.archives.verify(file);
    const { ledger, fromSeq, toSeq, entries, unverifiable, faults } = report;
    return { file, ledger, from_seq: fromSeq, to_seq: toSeq, entries, unverifiable, faults };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return { file, ledger: null, from_seq: null, to_seq: null, entries: 0, unverifiable: 0, faults: [error.message] };
  }
}

function archiveRow(ledger: string, { prune, file, bytes, copy }: ListedArchive) {
  return {
    id: prune.id,
    ledger,
    from_seq: prune.fromSeq,
    to_seq: prune.toSeq,
    entries: prune.entries,
    file,
    bytes,
    copy: copy?.file ?? null,
    copy_bytes: copy?.bytes ?? null,
    sha256: prune.archiveDigest,
  };
}

function archiveLine(row: ReturnType<typeof archiveRow>): string {
  const there = row.bytes === null ? 'NOT THERE' : `${row.bytes} bytes`;
  const copy = row.copy === null ? '' : `, copy ${row.copy_bytes === null ? 'NOT THERE' : 'there'}`;
  return `${row.ledger} #${row.from_seq} to #${row.to_seq}: ${row.file} (${there}${copy})`;
}
