import { createServer } from 'node:http';
import express from 'express';
import { InvalidArgumentError, type Command } from 'commander';
import { storedTimeOrNull } from '../core/stored-time';
import { checkMasterKey, DEFAULT_TENANT, ensureLedger } from '../entries/ledger-setup';
import { createWitnessRoutes } from '../features/anchors/witness/witness-routes';
import { createErrorHandler, notFound } from '../http/error-handler';
import { createRequestLog } from '../http/request-log';
import { ensureMasterKey, listen, openStore } from '../main';
import type { CliContext } from './cli-context';
import { untilSignal } from './until-signal';
import { withDeps } from './with-deps';

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly name?: string;
}

/** This installation as a witness for the checkpoints of others. */
export function addWitnessCommands(program: Command, context: CliContext): void {
  const { print, config } = context;
  const witness = program
    .command('witness')
    .description('sign the checkpoints of other logs that continue what they showed before (C2SP tlog-witness)')
    .option('--host <host>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'where to listen', port, 8788)
    .option('--name <name>', 'what it is called in its verifier key, said once')
    .action((flags: ServeFlags) => serve(context, flags));
  witness
    .command('add')
    .description('sign for a log from now on')
    .requiredOption('--vkey <vkey>', 'the verifier key of the log; its name is the origin')
    .action(({ vkey }: { vkey: string }) =>
      withDeps(config(), async (deps) => {
        const service = await deps.witness.open();
        const { origin, size } = await service.add(vkey);
        await record(deps, 'added', origin);
        print({ origin, size, witness: service.vkey }, [`Signs for ${origin}. Our verifier key: ${service.vkey}`]);
      }),
    );
  witness
    .command('list')
    .description('our verifier key, the logs, and the newest size signed of each')
    .action(() =>
      withDeps(config(), async (deps) => {
        const service = await deps.witness.open();
        const logs = (await service.list()).map(({ origin, vkeys, size, root, signedAt, isGenuine }) => ({
          origin,
          vkeys,
          size,
          root,
          signed_at: storedTimeOrNull(signedAt),
          genuine: isGenuine,
        }));
        print({ vkey: service.vkey, logs }, [
          service.vkey,
          ...logs.map(({ origin, size, signed_at: at }) => `${origin}  ${size}  ${at ?? 'nothing signed yet'}`),
        ]);
      }),
    );
  witness
    .command('remove')
    .description('sign no more for a log; what was signed stays remembered')
    .argument('<origin>')
    .action((origin: string) =>
      withDeps(config(), async (deps) => {
        if (!(await (await deps.witness.open()).remove(origin))) throw new Error(`There is no log ${origin}.`);
        await record(deps, 'removed', origin);
        print({ origin, removed: true }, [`Signs no more for ${origin}.`]);
      }),
    );
}

async function serve({ config: read, print }: CliContext, flags: ServeFlags): Promise<void> {
  const config = read();
  ensureMasterKey(config);
  const deps = await openStore(config, { migrate: config.databaseUrl.startsWith('sqlite:') });
  try {
    await checkMasterKey(deps);
    await ensureLedger(deps, DEFAULT_TENANT);
    const witness = await deps.witness.open(flags.name);
    const app = express().disable('x-powered-by').use(createRequestLog(deps.logger), createWitnessRoutes({ witness }), notFound, createErrorHandler(deps.logger)); // prettier-ignore
    const server = createServer(app);
    await listen(server, flags.host, flags.port);
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : flags.port;
    const url = `http://${flags.host.includes(':') ? `[${flags.host}]` : flags.host}:${actual}`;
    // Whoever reads that it runs may tell it to end.
    const told = untilSignal();
    print({ url, vkey: witness.vkey }, [`Witness on ${url}`, `Verifier key: ${witness.vkey}`]);
    await told;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closed;
  } finally {
    await deps.close();
  }
}

async function record({ ownEvents }: Parameters<Parameters<typeof withDeps>[1]>[0], change: string, origin: string) {
  await ownEvents.record(DEFAULT_TENANT, {
    action: 'audit.settings_changed',
    targetId: 'witness',
    payload: { log: change, origin },
    via: 'cli',
  });
}

function port(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new InvalidArgumentError('write a port number.');
  return Number(value);
}
