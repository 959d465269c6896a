import { InvalidArgumentError, type Command } from 'commander';
import { codePhrase, type PurgeKind } from '../core/purge-request';
import { storedTimeOrNull } from '../core/stored-time';
import type { Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { PurgeAsker, PurgePlan } from '../features/danger/purge-service';
import type { CliContext } from './cli-context';
import { OPERATOR } from './operator';
import { ledgersOf } from './retention-commands';
import { withDeps } from './with-deps';

interface DangerFlags {
  readonly until?: number;
  readonly confirm?: string;
  readonly archive: boolean;
  readonly dryRun?: boolean;
  readonly cancel?: boolean;
  readonly ledger: string;
}

/** The operator has the disk: nobody has to wait for, or to be asked, but the phrase and the holds count all the same. */
const ASKER: PurgeAsker = { ref: 'system:', name: OPERATOR.name, via: OPERATOR.via, signedInAt: null };

/** `purge` and `uninstall`: what the danger zone does, at once. Exit 2 where something keeps it from being done. */
export function addDangerCommands(program: Command, context: CliContext): void {
  dangerous(program.command('purge'), 'purge', context)
    .description('delete entries whatever their age: certified in the chain, archived first, for good')
    .option('--until <day>', 'only what was received before this day (UTC), as in 2026-01-31', day);
  dangerous(program.command('uninstall'), 'uninstall', context).description(
    'purge, revoke bridges and tokens, end sessions, and write down what is left',
  );
}

function dangerous(command: Command, kind: PurgeKind, context: CliContext): Command {
  return command
    .option('--confirm <phrase>', 'the phrase that --dry-run prints')
    .option('--no-archive', 'keep no archive of what goes')
    .option('--dry-run', 'only say what would go, and the phrase that confirms it')
    .option('--cancel', 'cancel the request that waits')
    .option('--ledger <name>', 'the ledger', DEFAULT_TENANT)
    .action((flags: DangerFlags) =>
      withDeps(context.config(), async (deps) => {
        const [ledger] = await ledgersOf(deps, flags.ledger);
        if (!ledger) throw new Error(`There is no ledger named ${flags.ledger}.`);
        if (flags.cancel) return cancel(deps, ledger, context);
        const plan = await deps.danger.purges.plan(ledger, flags.until ?? null);
        const phrase = codePhrase(kind, plan.entries);
        if (flags.dryRun) return context.print(planRow(ledger, plan, phrase), planLines(ledger, plan, phrase));
        const open = await deps.danger.purges.findOpen(ledger);
        const isOurs = open?.state === 'confirmed' && open.via === 'cli' && open.kind === kind;
        if (!isOurs && flags.confirm === undefined)
          throw new Error(`Write --confirm "${phrase}". ${plan.entries} entries would go; see --dry-run.`);
        // One that was confirmed and whose process ended goes on.
        const id = isOurs ? open.id : await ask(deps, ledger, kind, flags);
        const done = await deps.danger.runner.run(ledger, id);
        const row = { ledger: ledger.name, request: id, kind, entries: done.entries, certificates: done.certificates, archives: done.archives, sheets: done.sheets }; // prettier-ignore
        context.print(row, [
          `${ledger.name}: ${done.entries} entries are purged; certificates in ${done.certificates.map((seq) => `#${seq}`).join(', ') || 'no entry'}`,
          ...done.archives.map((name) => `   archive ${name}`),
          ...done.sheets.map((file) => `   what is left: ${file}`),
        ]);
      }),
    );
}

async function ask(deps: Deps, ledger: Ledger, kind: PurgeKind, flags: DangerFlags): Promise<string> {
  const { purges } = deps.danger;
  const wishes = { kind, until: flags.until ?? null, keepsArchive: flags.archive, phrase: flags.confirm ?? '' };
  const { id, entries } = await purges.ask(ledger, wishes, ASKER);
  try {
    await purges.confirm(ledger, id, entries, ASKER);
  } catch (error) {
    // What was refused at the second step must not wait for anybody else.
    await purges.cancel(ledger, id, ASKER);
    throw error;
  }
  return id;
}

async function cancel(deps: Deps, ledger: Ledger, context: CliContext): Promise<void> {
  const open = await deps.danger.purges.findOpen(ledger);
  if (!open) throw new Error('No purge waits.');
  await deps.danger.purges.cancel(ledger, open.id, ASKER);
  context.print({ ledger: ledger.name, request: open.id, cancelled: true }, [`Cancelled ${open.id}.`]);
}

function planRow(ledger: Ledger, plan: PurgePlan, phrase: string) {
  return {
    ledger: ledger.name,
    dry_run: true,
    entries: plan.entries,
    through: plan.through,
    first_received_at: storedTimeOrNull(plan.firstReceivedAt),
    last_received_at: storedTimeOrNull(plan.lastReceivedAt),
    held: plan.held,
    incomplete_segments: plan.incomplete,
    phrase,
  };
}

function planLines(ledger: Ledger, plan: PurgePlan, phrase: string): string[] {
  const dates = plan.firstReceivedAt === null ? '' : `, received ${storedTimeOrNull(plan.firstReceivedAt)} to ${storedTimeOrNull(plan.lastReceivedAt)}`; // prettier-ignore
  return [
    `${ledger.name}: ${plan.entries} entries would go${dates}`,
    '   entries go by whole segments of 256; the newest segment and what proves the rest stay',
    ...plan.held.map(
      (hold) => `   the legal hold ${hold} keeps some of them: it is refused until the hold is released`,
    ),
    ...(plan.incomplete > 0 ? [`   ${plan.incomplete} segments lack entries and stay: run verify`] : []),
    `   to do it: --confirm "${phrase}"`,
  ];
}

function day(value: string): number {
  const at = /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(`${value}T00:00:00.000Z`) : NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError('write a day, as in 2026-01-31.');
  return at;
}
