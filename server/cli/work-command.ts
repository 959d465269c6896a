import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Command } from 'commander';
import { VERIFY_KIND } from '../features/integrity/verify-job-service';
import { oneOf } from './arguments';
import type { CliContext } from './cli-context';
import { withDeps } from './with-deps';

/** Kinds that a server leaves to such a process. */
const KINDS = [VERIFY_KIND];

/** One long statement cannot be told to end: what was saved is gone on from. */
const PATIENCE_MS = 5_000;

/** The process that a server starts for background jobs (docs/decisions/0034-verification-in-a-process-of-its-own.md). */
export function addWorkCommand(program: Command, context: CliContext): void {
  program
    .command('work', { hidden: true })
    .description('run the background jobs of a kind that wait, then end')
    .requiredOption('--kind <kind>', 'what they do', oneOf(KINDS))
    .action(({ kind }: { readonly kind: string }) =>
      withDeps(context.config(), async ({ jobs }) => {
        const stop = () => {
          setTimeout(() => process.exit(1), PATIENCE_MS).unref();
          void jobs.stop();
        };
        // Told by its server and by whoever ends both: a second signal must not cut the first short.
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
        process.once('disconnect', stop);
        try {
          // Its server may have ended meanwhile; by hand it has none.
          if (process.connected !== false) await jobs.run(kind);
        } finally {
          process.off('disconnect', stop);
          if (process.connected) process.disconnect();
        }
      }),
    );
}

/** The same program with the same settings; it ends with this process, which it learns from the channel between them. */
export function startWorker(kind: string): ChildProcess {
  const main = path.join(__dirname, 'main.js');
  return spawn(process.execPath, ['--single-threaded-gc', main, 'work', '--kind', kind], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
