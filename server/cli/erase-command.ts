import { InvalidArgumentError, Option, type Command } from 'commander';
import { ERASURE_BASES, type ErasureBasis } from '../core/erasure-cover';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { CopyPlace, PlannedErasure } from '../features/erasure/erasure-service';
import type { CliContext } from './cli-context';
import { withDeps } from './with-deps';

interface EraseFlags {
  readonly ground: string;
  readonly basis: ErasureBasis;
  readonly dryRun?: boolean;
  readonly ledger: string;
}

/** Erases what a data subject may ask to have erased. Exit 0 also where nothing was there; 2 where a legal hold keeps it. */
export function addEraseCommand(program: Command, context: CliContext): void {
  program
    .command('erase')
    .description('erase the personal values of a data subject; the entries and their proof stay')
    .argument('<subject>', 'TYPE:ID as entries name it: client:5, admin:7, user:3', subject)
    .requiredOption(
      '--ground <text>',
      'why; it stands in the chain for ever, so write a case number and no names',
      ground,
    )
    .addOption(new Option('--basis <basis>', 'legal basis').choices([...ERASURE_BASES]).default('request'))
    .option('--dry-run', 'only say what would be erased')
    .option('--ledger <name>', 'one ledger', DEFAULT_TENANT)
    .action((ref: string, flags: EraseFlags) =>
      withDeps(context.config(), async (deps) => {
        const ledger = await deps.store.findLedger(flags.ledger);
        if (!ledger) throw new Error(`There is no ledger named ${flags.ledger}.`);
        const copies = await deps.erasures.listCopies(ledger);
        const about = { subject: ref, ledger: ledger.name, dry_run: flags.dryRun === true };
        if (flags.dryRun) {
          const plan = await deps.erasures.plan(ledger, ref);
          context.print({ ...about, ...summary(plan), copies }, [
            plan.entries === 0 ? `Nothing of ${ref} is left to erase.` : `Would erase ${describe(ref, plan)}.`,
            ...remarks(plan),
            ...copyLines(copies),
          ]);
          return;
        }
        const { plan, entries, erased, finished } = await deps.erasures.erase(ledger, {
          ref,
          basis: flags.basis,
          ground: flags.ground,
          by: { via: 'cli' },
        });
        context.print(
          { ...about, ...summary(plan), erased, finished_earlier: finished, recorded_in: entries, copies },
          [
            ...(finished > 0 ? [`Carried out ${finished} earlier ${finished === 1 ? 'erasure' : 'erasures'} to the end.`] : []), // prettier-ignore
            plan.entries === 0
              ? `Nothing of ${ref} ${finished > 0 ? 'is left' : 'was there'} to erase; no entry was written.`
              : `Erased ${describe(ref, plan)}. It is recorded in ${entries.length === 1 ? 'entry' : 'entries'} ${entries.join(', ')}.`,
            'What is reported about them from now on is kept again.',
            ...remarks(plan),
            ...copyLines(copies),
          ],
        );
      }),
    );
}

function summary(plan: PlannedErasure) {
  return {
    entries: plan.entries,
    as_actor: plan.sides.actor,
    as_subject: plan.sides.subject,
    altered: plan.altered,
    missing: plan.missing,
    held: plan.held,
  };
}

function describe(ref: string, { entries, sides }: PlannedErasure): string {
  return `the values of ${ref} in ${entries} ${entries === 1 ? 'entry' : 'entries'} (${sides.actor} as actor, ${sides.subject} as subject)`;
}

function remarks({ altered, missing, held }: PlannedErasure): string[] {
  return [
    ...(altered > 0 ? [`${altered} of them are not what was sealed: that stays a break after they are erased.`] : []),
    ...(missing > 0 ? [`${missing} more lost values before, and nothing says why: that stays a break.`] : []),
    ...(held > 0 ? [`A legal hold keeps ${held} of them: it is refused until the hold is released.`] : []),
  ];
}

function copyLines(copies: readonly CopyPlace[]): string[] {
  return [
    'Copies may still lie elsewhere, where Sealtrail cannot erase:',
    ...copies.map(({ place, count, note }) => `  ${place}${count === null ? '' : ` (${count})`}: ${note}`),
  ];
}

function subject(value: string): string {
  if (!/^[a-z_]{1,32}:\S.{0,190}$/.test(value)) throw new InvalidArgumentError('write TYPE:ID, as in client:5.');
  return value;
}

function ground(value: string): string {
  const text = value.trim();
  if (text === '' || text.length > 1_000) throw new InvalidArgumentError('write 1 to 1,000 characters.');
  return text;
}
