import type { Command } from 'commander';
import { checkEngine } from '../db/connection';
import { migrate } from '../db/migration-source';
import { openDatabase } from '../db/connection';
import { checkMasterKey, DEFAULT_TENANT, ensureLedger } from '../entries/ledger-setup';
import { createMasterKey } from '../entries/master-key';
import { createServerRuns } from '../features/monitor/server-runs';
import { ensureMasterKey, openStore, startServer } from '../main';
import { PROGRAM_VERSION } from '../root';
import { runDemo } from './demo/demo';
import { diagnose } from './doctor';
import { createSignInUrl } from './sign-in-url';
import { startWorker } from './work-command';
import { untilSignal } from './until-signal';
import type { CliContext } from './cli-context';

export function addServerCommands(program: Command, context: CliContext): void {
  program
    .command('serve')
    .description('migrate where the store is embedded, then serve pages, bridge and API')
    .action(() => serve(context, { demo: false }));

  program
    .command('demo')
    .description('send a believable month of events through the real ingest path, then serve')
    .option('--no-serve', 'stop when the events are stored')
    .action((options: { serve: boolean }) => serve(context, { demo: true, stay: options.serve }));

  program
    .command('migrate')
    .description('bring the database schema up to date')
    .action(async () => {
      const database = openDatabase(context.config().databaseUrl);
      try {
        await checkEngine(database);
        const names = await migrate(database);
        context.print(
          { migrated: names },
          names.length === 0 ? ['The schema is up to date.'] : names.map((name) => `Migrated ${name}`),
        );
      } finally {
        await database.close();
      }
    });

  program
    .command('init')
    .description('make the master key, the schema and the first ledger')
    .action(async () => {
      const config = context.config();
      const made = createMasterKey(config.masterKeyFile);
      const deps = await openStore(config, { migrate: true });
      const ledger = await deps.store.findLedger(DEFAULT_TENANT);
      const head = ledger && (await deps.store.findHead(ledger));
      await deps.close();
      context.print(
        {
          master_key: config.masterKeyFile,
          created: made,
          ledger: DEFAULT_TENANT,
          head: head ? { seq: head.seq, hash: head.hash } : null,
        },
        [
          made ? newKeyLine(config.masterKeyFile) : `The master key ${config.masterKeyFile} exists.`,
          `Ledger ${DEFAULT_TENANT} is ready with ${head?.seq ?? 0} ${head?.seq === 1 ? 'entry' : 'entries'}.`,
        ],
      );
    });

  program
    .command('doctor')
    .description('check configuration, engine, clock, keys, bridges, queue, disk and the tail of the chain')
    .action(async () => {
      const findings = await diagnose(context.config(), process.env);
      const ok = findings.every((one) => one.status !== 'fail');
      context.print({ ok, checks: findings }, findings.map((one) => `${MARKS[one.status]} ${one.check}: ${one.detail}`)); // prettier-ignore
      if (!ok) context.setExitCode(2);
    });
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

async function serve(context: CliContext, options: { readonly demo: boolean; readonly stay?: boolean }): Promise<void> {
  const config = context.config();
  const isNew = ensureMasterKey(config);
  // Only what is built can be started once more.
  const startJobs = __filename.endsWith('.ts') ? undefined : startWorker;
  const deps = config.databaseUrl.startsWith('sqlite:')
    ? await openStore(config, { migrate: true, startJobs })
    : await openServed();
  const server = await startServer(deps).catch(async (error: unknown) => {
    await deps.close();
    throw error;
  });
  const runs = createServerRuns({
    ownEvents: deps.ownEvents,
    dataDir: config.dataDir,
    port: config.port,
    tenant: DEFAULT_TENANT,
    version: PROGRAM_VERSION,
    now: deps.now,
    onError: (error) => deps.logger.warn({ err: error }, 'the start or stop of the server was not recorded'),
  });
  await runs.started();
  try {
    const url = process.env['SEALTRAIL_PUBLIC_URL'] ? config.publicUrl : server.url;
    const demo = options.demo ? await runDemo(deps, server.url) : [];
    if (options.stay === false) return context.print({ demo }, demo);
    const signIn = await createSignInUrl(deps, { role: 'super_admin', name: 'admin', baseUrl: url });
    // Whoever reads that it runs may tell it to end.
    const told = untilSignal();
    context.print({ url, sign_in: signIn }, [
      ...(isNew ? [newKeyLine(config.masterKeyFile)] : []),
      ...demo,
      ...welcome(url, signIn),
    ]);
    await told;
  } finally {
    await runs.stopped();
    await server.stop();
  }

  async function openServed() {
    const opened = await openStore(config, { migrate: false, startJobs });
    await checkMasterKey(opened);
    await ensureLedger(opened, DEFAULT_TENANT);
    return opened;
  }
}

function newKeyLine(file: string): string {
  return `Made the master key ${file}. Keep a copy of it outside this machine: without it nothing can be verified.`;
}

function welcome(url: string, signIn: string): string[] {
  return [
    `Sealtrail serves on ${url}`,
    `Sign in (once, within ten minutes): ${signIn}`,
    '',
    'What to do next:',
    '  1. Pair your billing system:   npx sealtrail bridge add --name billing',
    '  2. Copy hooks-bridge/modules over the root of WHMCS, activate the addon "Sealtrail" and paste the code.',
    '  3. Prove the chain at any time: npx sealtrail verify',
    'Another sign-in link: npx sealtrail login-link',
  ];
}
