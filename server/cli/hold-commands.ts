import { InvalidArgumentError, type Command } from 'commander';
import { scopeToJson } from '../core/legal-hold';
import { storedTime, storedTimeOrNull } from '../core/stored-time';
import type { Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { Hold } from '../features/retention/hold-service';
import type { CliContext } from './cli-context';
import { OPERATOR } from './operator';
import { ledgersOf } from './retention-commands';
import { withDeps } from './with-deps';

interface PlaceFlags {
  readonly client?: string;
  readonly target?: string;
  readonly actor?: string;
  readonly after?: number;
  readonly before?: number;
  readonly reason: string;
  readonly ledger: string;
}

/** Legal holds: entries that no prune takes. */
export function addHoldCommands(program: Command, context: CliContext): void {
  const inLedger = (name: string, work: (deps: Deps, ledger: Ledger) => Promise<void>) =>
    withDeps(context.config(), async (deps) => {
      for (const ledger of await ledgersOf(deps, name)) await work(deps, ledger);
    });
  const printHold = (hold: Hold) => context.print(holdRow(hold), [holdLine(hold)]);

  const command = program.command('hold').description('keep entries from every prune, whatever their age');
  command
    .command('place')
    .description('hold the entries that fit all that is named')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--client <id>', 'every entry that touches this client')
    .option('--target <type:id>', 'every entry about it, as in invoice:123', reference)
    .option('--actor <type:id>', 'everything that somebody did, as in admin:7', reference)
    .option('--after <time>', 'what happened at or after it (RFC 3339)', moment)
    .option('--before <time>', 'what happened before it', moment)
    .option('--ledger <name>', 'the ledger', DEFAULT_TENANT)
    .action((flags: PlaceFlags) =>
      inLedger(flags.ledger, async (deps, ledger) => {
        const { client = null, target = null, actor = null, after = null, before = null } = flags;
        const scope = { client, target, actor, after, before };
        printHold(await deps.retention.holds.place(ledger, scope, flags.reason, OPERATOR));
      }),
    );
  command
    .command('release')
    .description('end a hold; its entries go with the next prune if they are old')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--ledger <name>', 'the ledger', DEFAULT_TENANT)
    .action((id: string, flags: { reason: string; ledger: string }) =>
      inLedger(flags.ledger, async (deps, ledger) => {
        printHold(await deps.retention.holds.release(ledger, id, flags.reason, OPERATOR));
      }),
    );
  command
    .command('list')
    .description('every hold, the newest first')
    .option('--ledger <name>', 'the ledger', DEFAULT_TENANT)
    .action((flags: { ledger: string }) =>
      inLedger(flags.ledger, async (deps, ledger) => {
        const holds = await deps.retention.holds.list(ledger);
        context.print(holds.map(holdRow), holds.length === 0 ? ['No hold was ever placed.'] : holds.map(holdLine));
      }),
    );
  command
    .command('restore')
    .description('write the holds in force into the table again, as the chain has them')
    .option('--ledger <name>', 'the ledger', DEFAULT_TENANT)
    .action((flags: { ledger: string }) =>
      inLedger(flags.ledger, async (deps, ledger) => {
        const differed = await deps.retention.holds.restore(ledger);
        context.print({ differed }, [differed.length === 0 ? 'Table and chain agree.' : `They differed in: ${differed.join(', ')}`]); // prettier-ignore
      }),
    );
}

function holdRow(hold: Hold) {
  return {
    id: hold.id,
    ...scopeToJson(hold.scope),
    reason: hold.reason,
    placed_at: storedTimeOrNull(hold.placedAt),
    placed_by: hold.placedBy,
    released_at: storedTimeOrNull(hold.releasedAt),
    released_by: hold.releasedBy,
    release_reason: hold.releaseReason,
  };
}

function holdLine(hold: Hold): string {
  const scope = Object.entries(scopeToJson(hold.scope)).filter(([, value]) => value !== null);
  const what = scope.map(([name, value]) => `${name} ${value as string}`).join(', ');
  const state = hold.releasedAt === null ? 'in force' : `released ${storedTime(hold.releasedAt)}`;
  return `${hold.id}  ${what}  ${state}  ${hold.reason}`;
}

function reference(value: string): string {
  if (!/^[a-z_]+:.+$/.test(value)) throw new InvalidArgumentError('write TYPE:ID, as in invoice:123.');
  return value;
}

function moment(value: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('write a day or a time with its zone, as in 2026-11-21T00:00:00Z.');
  return ms;
}
