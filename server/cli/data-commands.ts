import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { COMMAND_LINE } from '../core/own-names';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import { MAX_SEQS, parseSeqs } from '../features/bundle/bundle-service';
import { FILTER_NAMES, parseFilter, SORTS, type RawFilter, type Sort } from '../features/browse/browse-service';
import { EXPORT_FORMATS, type ExportFormat } from '../features/export/export-service';
import type { CliContext } from './cli-context';
import { replayFile } from './replay';
import { withDeps } from './with-deps';
import { writeOutput } from './write-output';

type ExportFlags = RawFilter & {
  format: ExportFormat | 'bundle';
  entries?: number[];
  values: boolean;
  output?: string;
  days?: number;
  sort: Sort;
  ledger?: string;
};

/** Getting entries out, and stored hook calls in. */
export function addDataCommands(program: Command, context: CliContext): void {
  const command = program
    .command('export')
    .description('write entries as CSV, JSON, NDJSON or a signed bundle that others can check')
    .addOption(
      new Option('--format <format>', 'form of the output')
        .choices([...EXPORT_FORMATS, 'bundle'])
        .makeOptionMandatory(),
    )
    .option('--output <file>', 'write to a file instead of the standard output')
    .option('--days <n>', 'only the last n days', days)
    .option('--ledger <name>', 'one ledger', DEFAULT_TENANT)
    .option('--entries <seqs>', 'bundle: these entries instead of a filter, as in 3,17,18', seqList)
    .option('--no-values', 'bundle: without names, addresses and other values that can be erased')
    .addOption(new Option('--sort <order>', 'order of the entries').choices([...SORTS]).default('seq'));
  for (const name of FILTER_NAMES)
    command.option(`--${name.replace('_', '-')} <value>`, `filter as in the API: ${name}`);
  command.action((flags: ExportFlags & { actorName?: string }) =>
    withDeps(context.config(), async (deps) => {
      const ledger = await deps.store.findLedger(flags.ledger ?? DEFAULT_TENANT);
      if (!ledger) throw new Error(`There is no ledger named ${flags.ledger}.`);
      const raw: RawFilter = Object.fromEntries(
        FILTER_NAMES.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
      );
      const since =
        flags.days === undefined
          ? {}
          : { after: new Date(deps.now().getTime() - flags.days * 86_400_000).toISOString() };
      const filter = parseFilter({
        ...since,
        ...raw,
        ...(flags.actorName === undefined ? {} : { actor_name: flags.actorName }),
      });
      // Free text and names are found by an index that only a running server fills: without it the export would lack entries.
      await deps.indexer.catchUp();
      const asked = flags.entries ? { entries: flags.entries } : { filter: { ...since, ...raw } };
      if (flags.entries && flags.format !== 'bundle') throw new Error('--entries is for --format bundle.');
      await deps.ownEvents.record(ledger.tenant.slug, {
        action: 'audit.exported',
        targetId: flags.format,
        payload: { format: flags.format, ...asked },
        via: 'cli',
      });
      const stream =
        flags.format === 'bundle'
          ? await deps.bundles.open({
              ledger,
              selection: flags.entries ? { seqs: flags.entries } : { filter },
              rawFilter: flags.entries ? {} : { ...since, ...raw },
              withValues: flags.values,
              requestedBy: COMMAND_LINE,
            })
          : deps.exports.open({ ledger, filter, sort: flags.sort, format: flags.format });
      await writeOutput(stream, flags.output);
      if (flags.output !== undefined) context.print({ output: flags.output }, [`Wrote ${flags.output}.`]);
    }),
  );

  program
    .command('replay')
    .description('send stored hook calls (a JSON list, {"events":[...]} or one a line) as a bridge would')
    .argument('<file>')
    .option('--url <url>', 'the sidecar to send to; the own address by default')
    .option('--bridge <id>', 'bridge id; without it a bridge is paired for this run')
    .option('--secret <secret>', 'its secret (whsec_...)')
    .action((file: string, flags: { url?: string; bridge?: string; secret?: string }) =>
      withDeps(context.config(), async (deps) => {
        const sum = await replayFile(deps, readFileSync(file, 'utf8'), flags);
        context.print(sum, [
          `Sent ${sum.sent}: ${sum.accepted} accepted, ${sum.duplicates} duplicates, ${sum.quarantined} set aside.`,
        ]);
      }),
    );
}

function days(value: string): number {
  if (!/^[1-9]\d{0,4}$/.test(value)) throw new InvalidArgumentError('write a number of days.');
  return Number(value);
}

function seqList(value: string): number[] {
  const seqs = parseSeqs(value);
  if (!seqs) throw new InvalidArgumentError(`write up to ${MAX_SEQS} sequence numbers, parted by commas.`);
  return seqs;
}
