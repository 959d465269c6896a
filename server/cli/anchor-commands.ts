import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Argument, InvalidArgumentError, type Command } from 'commander';
import { storedTimeOrNull } from '../core/stored-time';
import type { Deps } from '../deps';
import type { Ledger } from '../entries/entry-store';
import { DEFAULT_TENANT } from '../entries/ledger-setup';
import type { AnchorStatus, Copy } from '../features/anchors/anchor-service';
import { copyFiles } from '../features/anchors/copy-files';
import type { AnchorRequest } from '../features/anchors/new-anchor';
import { anchorLine, outcomeLine } from './anchor-lines';
import type { CliContext } from './cli-context';
import { withDeps } from './with-deps';

const KINDS = ['file', 'mail', 'webhook', 'tsa', 'witness'] as const;

interface AddFlags {
  readonly name?: string;
  readonly ledger?: string;
  readonly every?: number;
  readonly allowPrivate?: boolean;
  readonly vkey?: string;
  readonly ca?: string;
  readonly policy?: string;
}

/** Exit code of `anchor send` when a receiver refused a checkpoint as another history. */
const REFUSED = 1;
const FAILED = 2;

/** Where checkpoints go out to. */
export function addAnchorCommands(program: Command, context: CliContext): void {
  const { print, config } = context;
  const anchor = program.command('anchor').description('send checkpoints out of reach, and see where they are');
  anchor
    .command('add')
    .description(
      'send checkpoints to a file on another mount, by mail or webhook, to a time-stamp authority or a witness',
    )
    .addArgument(new Argument('<kind>', 'what it is').choices(KINDS))
    .argument('<target>', 'a path, a mail address, or an http address')
    .option('--name <name>', 'what to call it', nonEmpty)
    .option('--ledger <name>', 'the checkpoints of one ledger instead of all')
    .option('--every <minutes>', 'the least time between two copies (usual: mail 1440, tsa 60, others 0)', minutes)
    .option('--allow-private', 'the address may lie in a private network or on this machine')
    .option('--vkey <vkey>', "a witness's verifier key")
    .option('--ca <file>', 'certificates (PEM) that those of the time-stamp authority must lead to')
    .option('--policy <oid>', 'the policy that a time-stamp must have')
    .action((kind: AnchorRequest['kind'], target: string, flags: AddFlags) =>
      withDeps(config(), async (deps) => {
        const ledger = flags.ledger === undefined ? undefined : await findLedger(deps, flags.ledger);
        const added = await deps.anchors.add({
          kind,
          target,
          ledger,
          name: flags.name,
          everyMs: flags.every === undefined ? undefined : flags.every * 60_000,
          allowPrivate: flags.allowPrivate,
          vkey: flags.vkey,
          rootsFile: flags.ca,
          policy: flags.policy,
        });
        const { id, settings } = added.anchor;
        const vkeys = kind === 'witness' ? await ourKeys(deps, ledger) : [];
        print(
          {
            id,
            kind,
            name: added.anchor.name,
            target: added.anchor.target,
            ...(added.secret === null ? {} : { secret: added.secret, public_key: settings.publicKey }),
            ...(kind === 'witness' ? { vkeys } : {}),
            ...(kind === 'file' ? { same_disk: added.isOnSameDisk } : {}),
          },
          [
            `Anchor id:  ${id}`,
            ...(added.secret === null ? [] : [`Secret:     ${added.secret}`, `Public key: ${settings.publicKey ?? ''}`, 'The secret is shown only now.']), // prettier-ignore
            ...(vkeys.length === 0
              ? []
              : ['The witness must know our verifier key:', ...vkeys.map((vkey) => `  ${vkey}`)]),
            ...(added.isOnSameDisk ? ['This file is on the same disk as the data folder: whoever has the one has the other.'] : []), // prettier-ignore
          ],
        );
      }),
    );
  anchor
    .command('list')
    .description('every anchor, which checkpoint it has, and what is wrong')
    .action(() =>
      withDeps(config(), async (deps) => {
        const found: AnchorStatus[] = [];
        for (const ledger of await deps.store.listLedgers()) found.push(...(await deps.anchors.status(ledger)));
        const none = 'There is none outside the data folder. Add one: sealtrail anchor add file /mnt/other/checkpoints.jsonl'; // prettier-ignore
        print(found.map(statusJson), found.length === 0 ? [none] : found.map((one) => anchorLine(one, deps.now().getTime()))); // prettier-ignore
      }),
    );
  anchor
    .command('remove')
    .description('send nothing there any more; what is there stays')
    .argument('<id>')
    .action((id: string) =>
      withDeps(config(), async (deps) => {
        if (!(await deps.anchors.remove(id))) throw new Error(`There is no anchor ${id}.`);
        print({ id, removed: true }, [`Removed ${id}.`]);
      }),
    );
  anchor
    .command('send')
    .description(
      'sign a checkpoint and bring it everywhere now; exit 1 when one is refused, 2 when one cannot be brought',
    )
    .option('--ledger <name>', 'one ledger instead of all')
    .action((flags: { ledger?: string }) =>
      withDeps(config(), async (deps) => {
        const ledgers = flags.ledger === undefined ? await deps.store.listLedgers() : [await findLedger(deps, flags.ledger)]; // prettier-ignore
        const results = [];
        for (const ledger of ledgers) {
          await deps.checkpoints.sign(ledger, 'request');
          results.push(...(await deps.anchors.sendNow(ledger)));
        }
        const rows = results.map(({ anchor: { id, kind, name }, ledger, copy, outcome }) => ({
          id,
          kind,
          name,
          ledger,
          origin: copy.origin,
          size: copy.size,
          root: copy.root,
          outcome: outcome.kind,
          detail: 'detail' in outcome ? outcome.detail : null,
        }));
        print(rows, rows.length === 0 ? ['There is no anchor.'] : rows.map(outcomeLine));
        if (rows.some((row) => row.outcome === 'refused')) context.setExitCode(REFUSED);
        else if (rows.some((row) => row.outcome === 'failed')) context.setExitCode(FAILED);
      }),
    );
  anchor
    .command('copies')
    .description('what went to an anchor, newest first; with --output as files for stock tools')
    .argument('<id>')
    .option('--ledger <name>', 'whose checkpoints', DEFAULT_TENANT)
    .option('--limit <n>', 'how many', count, 20)
    .option('--output <folder>', 'write checkpoint and time-stamp there')
    .action((id: string, flags: { ledger: string; limit: number; output?: string }) =>
      withDeps(config(), async (deps) => {
        const found = (await deps.anchors.list()).find((one) => one.id === id);
        if (!found) throw new Error(`There is no anchor ${id}.`);
        const copies = await deps.anchors.copies(id, await findLedger(deps, flags.ledger), flags.limit);
        if (flags.output !== undefined) mkdirSync(flags.output, { recursive: true });
        for (const { name, content } of flags.output === undefined
          ? []
          : copies.flatMap((copy) => copyFiles(found, copy)))
          writeFileSync(path.join(flags.output ?? '', name), content, { mode: 0o600 });
        print(copies.map(copyJson), copies.length === 0 ? ['Nothing went there yet.'] : copies.map(({ size, state, doneAt }) => `${size}  ${state}  ${storedTimeOrNull(doneAt) ?? ''}`)); // prettier-ignore
      }),
    );
}

function statusJson({ anchor, ledger, taken, waiting, refused, behind }: AnchorStatus) {
  return {
    id: anchor.id,
    kind: anchor.kind,
    name: anchor.name,
    target: anchor.target,
    ledger,
    taken: taken ? copyJson(taken) : null,
    behind,
    waiting: waiting
      ? { size: waiting.size, attempts: waiting.attempts, next_at: storedTimeOrNull(waiting.nextAt) }
      : null,
    refused: refused ? copyJson(refused) : null,
    failing_since: storedTimeOrNull(anchor.failingSince),
    last_error: anchor.lastError,
    halted_at: storedTimeOrNull(anchor.haltedAt),
    genuine: anchor.isGenuine,
  };
}

function copyJson({ origin, size, root, state, doneAt }: Copy) {
  return { origin, size, root, state, at: storedTimeOrNull(doneAt) };
}

async function ourKeys(deps: Deps, ledger: Ledger | undefined): Promise<string[]> {
  const ledgers = ledger ? [ledger] : await deps.store.listLedgers();
  return (await Promise.all(ledgers.map(async (one) => (await deps.checkpoints.vkeys(one))[0] ?? []))).flat();
}

async function findLedger(deps: Deps, name: string): Promise<Ledger> {
  const ledger = await deps.store.findLedger(name);
  if (!ledger) throw new Error(`There is no ledger named ${name}.`);
  return ledger;
}

function nonEmpty(value: string): string {
  const text = value.trim();
  if (text === '' || text.length > 191) throw new InvalidArgumentError('write 1 to 191 characters.');
  return text;
}

function minutes(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError('write a number of minutes.');
  return Number(value);
}

function count(value: string): number {
  if (!/^[1-9]\d{0,4}$/.test(value)) throw new InvalidArgumentError('write a number from 1 to 99999.');
  return Number(value);
}
