import { readFileSync, writeFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { hidePassword } from '../config/config';
import type { Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import { readMasterKey } from '../entries/master-key';
import { sheetAsHtml, sheetAsText } from '../features/keys/recovery-sheet';
import type { EpochView } from '../features/keys/key-service';
import type { CliContext } from './cli-context';
import { withDeps } from './with-deps';

const BY_CLI = { via: 'cli' } as const;

/** Chain keys: what there is, a new one, the end of an old one, and what to print and lock away. */
export function addKeyCommands(program: Command, context: CliContext): void {
  const { print, config } = context;
  const keys = program.command('keys').description('chain keys of the ledgers: list, rotate, retire, recovery sheet');
  keys
    .command('list')
    .description('every epoch with its span, its check value and the state of its key')
    .option('--ledger <name>', 'one ledger instead of all')
    .action((options: { ledger?: string }) =>
      withDeps(
        config(),
        async (deps) => {
          const found = options.ledger === undefined ? await deps.store.listLedgers() : [await ledgerOf(deps, options.ledger)]; // prettier-ignore
          const epochs = (await Promise.all(found.map((ledger) => deps.keys.list(ledger)))).flat();
          print({ fingerprint: deps.keyRing.fingerprint, epochs }, [
            `Master key ${deps.keyRing.fingerprint}`,
            ...epochs.map(epochLine),
          ]);
        },
        // With another key the list says so: nothing opens.
        { anyKey: true },
      ),
    );
  keys
    .command('rotate')
    .description('sign a checkpoint, then seal what comes with a new chain key')
    .option('--ledger <name>', 'which ledger', DEFAULT_TENANT)
    .action((options: { ledger: string }) =>
      withDeps(config(), async (deps) => {
        const done = await deps.keys.rotate(await ledgerOf(deps, options.ledger), BY_CLI);
        print(
          {
            ledger: options.ledger,
            from_epoch: done.fromEpoch,
            to_epoch: done.toEpoch,
            check_value: done.checkValue,
            closed_seq: done.closed.seq,
            opened_seq: done.opened.seq,
            checkpoint: { origin: done.checkpoint.origin, size: done.checkpoint.size, root: done.checkpoint.root },
          },
          [
            `Epoch ${done.fromEpoch} of ${options.ledger} ends with entry ${done.closed.seq}; a checkpoint of ${done.checkpoint.size} entries was signed before.`,
            `Epoch ${done.toEpoch} begins with entry ${done.opened.seq}, check value ${done.checkValue}.`,
            'Print the recovery sheet again: sealtrail keys recovery-sheet',
          ],
        );
      }),
    );
  keys
    .command('retire')
    .description('destroy the chain key of a closed epoch that a checkpoint held outside covers; cannot be undone')
    .argument('<epoch>', 'number of the epoch', epochNumber)
    .option('--ledger <name>', 'which ledger', DEFAULT_TENANT)
    .option('--checkpoint <file>', 'a signed checkpoint that was kept elsewhere')
    .option('--yes', 'do it')
    .action((epoch: number, options: { ledger: string; checkpoint?: string; yes?: true }) =>
      withDeps(config(), async (deps) => {
        if (!options.yes)
          throw new Error(
            `Nobody can check or make hashes of epoch ${epoch} afterwards; its entries are proved by the Merkle tree alone. Say --yes to do it.`,
          );
        const ledger = await ledgerOf(deps, options.ledger);
        const file = options.checkpoint;
        const given = file === undefined ? [] : [{ note: readFileSync(file, 'utf8'), where: file }];
        const done = await deps.keys.retire(ledger, epoch, BY_CLI, given);
        print(
          { ledger: done.ledger, epoch, first_seq: done.firstSeq, last_seq: done.lastSeq, covered_by: done.coveredBy, recorded_seq: done.receipt.seq }, // prettier-ignore
          [
            `Destroyed the chain key of epoch ${epoch} of ${done.ledger} (entries ${done.firstSeq} to ${done.lastSeq}, covered by ${done.coveredBy.where}).`,
            'Restart every other sidecar: each holds in memory the keys that it has used. Backups of the database hold the key until they are gone.',
          ],
        );
      }),
    );
  keys
    .command('recovery-sheet')
    .description('a sheet to print and lock away: fingerprints, check values, verifier keys, how to restore')
    .addOption(new Option('--format <format>', 'form of the sheet').choices(['text', 'html']).default('text'))
    .option('--output <file>', 'write to a file (mode 0600) instead of the standard output')
    .option('--with-master-key', 'print the master key itself on it')
    .action((options: { format: 'text' | 'html'; output?: string; withMasterKey?: true }) =>
      withDeps(config(), async (deps) => {
        const facts = await sheetFacts(deps, options.withMasterKey === true);
        const sheet = options.format === 'html' ? sheetAsHtml(facts) : sheetAsText(facts);
        if (options.output === undefined) return print({ ...facts, sheet }, sheet.trimEnd().split('\n'));
        writeFileSync(options.output, sheet, { mode: 0o600 });
        print({ output: options.output }, [`Wrote ${options.output}.`]);
      }),
    );
}

async function sheetFacts(deps: Deps, withMasterKey: boolean) {
  const { config } = deps;
  const { certificates } = await deps.signers.get();
  const ledgers = await Promise.all(
    (await deps.store.listLedgers()).map(async (ledger) => ({
      name: ledger.name,
      epochs: await deps.keys.list(ledger),
      vkeys: await deps.checkpoints.vkeys(ledger),
    })),
  );
  return {
    printedAt: deps.now().toISOString(),
    publicUrl: config.publicUrl,
    store: hidePassword(config.databaseUrl),
    masterKeyFile: config.masterKeyFile,
    fingerprint: deps.keyRing.fingerprint,
    masterKey: withMasterKey ? readMasterKey(config.masterKeyFile).toString('base64') : null,
    ledgers,
    rootFingerprint: (certificates.at(-1)?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
  };
}

async function ledgerOf(deps: Deps, name: string): Promise<Ledger> {
  const ledger = await deps.store.findLedger(name);
  if (!ledger) throw new Error(`There is no ledger named ${name}.`);
  return ledger;
}

function epochLine(one: EpochView): string {
  const span = one.last_seq === null ? `from #${one.first_seq}` : `#${one.first_seq} to #${one.last_seq}`;
  return `${one.ledger}  epoch ${one.epoch}  ${one.state}  ${one.check_value ?? '-'}  ${span}  opened ${one.opened_at}${one.retired_at === null ? '' : `  retired ${one.retired_at}`}`;
}

function epochNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('write the number of an epoch.');
  return Number(value);
}
