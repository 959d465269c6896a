import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { parseCheckpoint } from '../core/checkpoint';
import { parseNote } from '../core/signed-note';
import type { Verdict } from '../core/verify';
import {
  scopeFault,
  type LedgerReport,
  type VerifyOptions,
  type VerifyReport,
} from '../features/integrity/verify-service';
import { parseOrigin } from '../features/tree/origin';
import type { CliContext } from './cli-context';
import { withDeps } from './with-deps';

const EXIT: Readonly<Record<Verdict, number>> = { intact: 0, broken: 1, cannot_tell: 3 };

interface VerifyFlags {
  readonly ledger?: string;
  readonly from?: number;
  readonly to?: number;
  readonly actor?: string;
  readonly derived?: boolean;
  readonly status?: 'broken';
  readonly expectCheckpoint?: string;
  readonly new?: boolean;
}

/** What an auditor runs: exit 0 intact, 1 broken, 2 could not run, 3 cannot tell (CONTRACT section 3). */
export function addVerifyCommand(program: Command, context: CliContext): void {
  program
    .command('verify')
    .description('check that nobody changed the entries; exit 0 intact, 1 broken, 2 could not run, 3 cannot tell')
    .option('--ledger <name>', 'one ledger instead of all')
    .option('--from <seq>', 'first sequence number', sequence)
    .option('--to <seq>', 'last sequence number', sequence)
    .option('--actor <type:id>', 'only the entries of one actor, each by itself', actor)
    .option('--derived', 'also compare counters, quarantine and search index with the entries')
    .addOption(new Option('--status <status>', 'print only what is broken').choices(['broken']))
    .option('--new', 'only what is new since the last verification on the pages that found nothing')
    .option('--expect-checkpoint <file>', 'a signed checkpoint, or an output of verify --json, that was kept elsewhere')
    .action((flags: VerifyFlags) => {
      const fault = scopeFault({ isOnlyNew: flags.new, from: flags.from, to: flags.to, actor: flags.actor });
      if (fault !== undefined) throw new Error(fault);
      return withDeps(
        context.config(),
        async (deps) => {
          const startedAt = performance.now();
          const report = await deps.verifier.verify({
            ledger: flags.ledger,
            fromSeq: flags.from,
            toSeq: flags.to,
            actor: flags.actor,
            derived: flags.derived,
            isOnlyNew: flags.new,
            ...(flags.expectCheckpoint === undefined ? {} : readExpected(flags.expectCheckpoint)),
          });
          context.print(
            { ...report, took_ms: Math.round(performance.now() - startedAt) },
            describe(report, { onlyBroken: flags.status === 'broken' }),
          );
          context.setExitCode(EXIT[report.verdict]);
        },
        // With another key the answer is "cannot tell", not a refusal to look.
        { anyKey: true },
      );
    });
}

const expectedHeads = z.object({
  ledgers: z.array(
    z.object({
      ledger: z.string(),
      head: z.object({ seq: z.int().nonnegative(), hash: z.string().regex(/^[0-9a-f]{64}$/) }).nullable(),
    }),
  ),
});

/** A signed note says by its origin which ledger it is of (docs/format.md). */
function readExpected(file: string): Pick<VerifyOptions, 'expected' | 'expectedNotes'> {
  const text = readFileSync(file, 'utf8');
  const checkpoint = parseCheckpoint(parseNote(text)?.text ?? '');
  const ledger = checkpoint && ledgerOf(checkpoint.origin);
  if (ledger !== undefined) return { expectedNotes: [{ note: text, where: file, ledger }] };
  const parsed = expectedHeads.safeParse(jsonIn(text));
  if (!parsed.success)
    throw new Error(`${file} is neither a signed checkpoint of ours nor an output of verify --json.`);
  const heads = parsed.data.ledgers.flatMap(({ ledger, head }) =>
    head && head.seq > 0 ? [{ ledger, seq: head.seq, hash: head.hash, where: file }] : [],
  );
  return { expected: heads };
}

function ledgerOf(origin: string): string | undefined {
  const name = parseOrigin(origin)?.base.split('/')[2];
  return name && decodeURIComponent(name);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe(report: VerifyReport, options: { readonly onlyBroken: boolean }): string[] {
  if (report.ledgers.length === 0) return ['? Cannot tell: there is no ledger to check.'];
  return report.ledgers.flatMap((ledger) => [
    ...(options.onlyBroken ? [] : [summaryOf(ledger)]),
    ...ledger.broken.map(breakLine),
  ]);
}

function summaryOf(ledger: LedgerReport): string {
  const counts = `${ledger.scanned} scanned, ${ledger.valid} valid${ledger.by_proof > 0 ? ` (${ledger.by_proof} by proof)` : ''}, ${ledger.broken.length} broken, ${ledger.unverifiable} unverifiable${ledger.pruned > 0 ? `, ${ledger.pruned} pruned` : ''}`;
  const first = ledger.broken[0];
  switch (ledger.verdict) {
    case 'intact':
      return `✅ ${ledger.ledger}: verified, ${ledger.scanned} entries (${counts})`;
    case 'broken':
      return `❌ ${ledger.ledger}: break at #${first?.seq ?? '?'} (${counts})`;
    case 'cannot_tell':
      return `? ${ledger.ledger}: cannot tell${ledger.unverifiable > 0 ? ', the chain key does not open with this master key' : ', nothing was checked'} (${counts})`;
  }
}

function breakLine(one: LedgerReport['broken'][number]): string {
  return `   #${one.seq}  ${one.kind}  ${one.received_at ?? 'time unknown'}  ${one.detail}`;
}

function sequence(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError('write a sequence number, 1 or more.');
  return Number(value);
}

function actor(value: string): string {
  if (!/^[a-z]+:.+$/.test(value)) throw new InvalidArgumentError('write TYPE:ID, as in admin:7.');
  return value;
}
