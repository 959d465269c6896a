import { InvalidArgumentError, Option, type Command } from 'commander';
import { storedTimeOrNull } from '../core/stored-time';
import type { Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { PrunePreview, PruneResult } from '../features/retention/prune-service';
import { isRetentionDays, MAX_DAYS, MIN_DAYS, type RetentionPolicy } from '../features/retention/retention-service';
import type { CliContext } from './cli-context';
import { OPERATOR } from './operator';
import { withDeps } from './with-deps';

/** How long entries are kept, and the prune that goes by it. */
export function addRetentionCommands(program: Command, context: CliContext): void {
  const retention = program.command('retention').description('how long entries are kept');
  retention
    .command('show')
    .description('the limit of every ledger')
    .option('--ledger <name>', 'one ledger instead of all')
    .action((flags: { ledger?: string }) =>
      withDeps(context.config(), async (deps) => {
        const rows = [];
        for (const ledger of await ledgersOf(deps, flags.ledger))
          rows.push(policyRow(ledger, await deps.retention.retention.find(ledger)));
        context.print(rows, rows.map(policyLine)); // prettier-ignore
      }),
    );
  retention
    .command('set')
    .description('set the limit of a ledger; what a prune takes then cannot be put back')
    .addOption(new Option('--days <n>', `days, ${MIN_DAYS} to ${MAX_DAYS}`).argParser(days).conflicts('unlimited'))
    .option('--unlimited', 'keep entries for ever')
    .option('--ledger <name>', 'the ledger', DEFAULT_TENANT)
    .action((flags: { days?: number; unlimited?: boolean; ledger: string }) =>
      withDeps(context.config(), async (deps) => {
        if (flags.days === undefined && !flags.unlimited) throw new Error('Write --days N or --unlimited.');
        const [ledger] = await ledgersOf(deps, flags.ledger);
        if (!ledger) throw new Error(`There is no ledger named ${flags.ledger}.`);
        const row = policyRow(ledger, await deps.retention.retention.set(ledger, flags.days ?? null, OPERATOR));
        context.print(row, [policyLine(row)]);
      }),
    );

  program
    .command('prune')
    .description('take out entries older than the limit: archived first, certified in the chain, deleted for good')
    .option('--days <n>', `a limit for this time, ${MIN_DAYS} to ${MAX_DAYS} days`, days)
    .option('--dry-run', 'only say what would go')
    .option('--ledger <name>', 'one ledger instead of all')
    .action((flags: { days?: number; dryRun?: boolean; ledger?: string }) =>
      withDeps(context.config(), async (deps) => {
        const rows = [];
        for (const ledger of await ledgersOf(deps, flags.ledger)) {
          const { pruner } = deps.retention;
          const asked = { days: flags.days, requestedBy: OPERATOR.name, via: OPERATOR.via };
          const done = flags.dryRun ? await pruner.preview(ledger, asked) : await pruner.run(ledger, asked);
          rows.push(pruneRow(ledger, done));
        }
        context.print({ dry_run: flags.dryRun === true, ledgers: rows }, rows.flatMap((row) => pruneLines(row, flags))); // prettier-ignore
        const stopped = rows.filter((row) => row.stopped !== null);
        if (stopped.length === 0) return;
        context.warn(stopped.map((row) => `Ledger ${row.ledger} was not pruned to the end: ${row.stopped}.`).join(' '));
        context.setExitCode(2);
      }),
    );
}

export async function ledgersOf(deps: Deps, name: string | undefined): Promise<Ledger[]> {
  const all = await deps.store.listLedgers();
  const found = name === undefined ? all : all.filter((ledger) => ledger.name === name);
  if (found.length === 0) throw new Error(name === undefined ? 'There is no ledger.' : `There is no ledger named ${name}.`); // prettier-ignore
  return found;
}

function policyRow(ledger: Ledger, { days, changedAt, changedBy }: RetentionPolicy) {
  return { ledger: ledger.name, days, changed_at: storedTimeOrNull(changedAt), changed_by: changedBy };
}

function policyLine({ ledger, days, changed_at, changed_by }: ReturnType<typeof policyRow>): string {
  const kept = days === null ? 'kept for ever' : `kept for ${days} days`;
  return `${ledger}: ${kept}${changed_at === null ? ' (never set)' : `, set ${changed_at} by ${changed_by}`}`;
}

function pruneRow(ledger: Ledger, done: PrunePreview & Partial<PruneResult>) {
  const ranges = done.plan?.ranges ?? [];
  const seen = done.prunes ?? ranges;
  const received = ranges.flatMap((range) => [range.firstReceivedAt, range.lastReceivedAt]);
  return {
    ledger: ledger.name,
    days: done.days,
    older_than: storedTimeOrNull(done.plan?.limit ?? null),
    entries: seen.reduce((sum, one) => sum + one.entries, 0),
    segments: seen.reduce((sum, one) => sum + (one.toSeq - one.fromSeq + 1) / 256, 0),
    first_received_at: received.length === 0 ? null : storedTimeOrNull(Math.min(...received)),
    last_received_at: received.length === 0 ? null : storedTimeOrNull(Math.max(...received)),
    held: done.plan?.held ?? [],
    incomplete_segments: done.plan?.incomplete ?? 0,
    ranges: ranges.map(({ fromSeq, toSeq, entries }) => ({ from_seq: fromSeq, to_seq: toSeq, entries })),
    prunes: (done.prunes ?? []).map((prune) => ({
      id: prune.id,
      from_seq: prune.fromSeq,
      to_seq: prune.toSeq,
      entries: prune.entries,
      archive: prune.archive,
      certificate_seq: prune.certificateSeq,
    })),
    stopped: done.stopped ?? null,
  };
}

function pruneLines(row: ReturnType<typeof pruneRow>, { dryRun = false }: { readonly dryRun?: boolean }): string[] {
  if (row.days === null) return [`${row.ledger}: entries are kept for ever; nothing to prune`];
  const dates = row.first_received_at === null ? '' : `, received ${row.first_received_at} to ${row.last_received_at}`;
  return [
    `${row.ledger}: ${row.entries} entries older than ${row.days} days ${dryRun ? 'would go' : 'are pruned'}${dates}`,
    ...row.held.map(({ hold, segments }) => `   hold ${hold} keeps ${segments} segments of 256 entries`),
    ...(row.incomplete_segments > 0
      ? [`   ${row.incomplete_segments} segments lack entries and stay: run verify`]
      : []),
    ...row.prunes.map((prune) => `   #${prune.from_seq} to #${prune.to_seq}: archive ${prune.archive}, certificate in #${prune.certificate_seq}`), // prettier-ignore
  ];
}

function days(value: string): number {
  if (!/^\d{1,4}$/.test(value) || !isRetentionDays(Number(value)))
    throw new InvalidArgumentError(`write a number of days from ${MIN_DAYS} to ${MAX_DAYS}.`);
  return Number(value);
}
