import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROGRAM_ROOT } from '../root';
import { caughtUp, createBenchStore, type BenchPlace, type BenchResult } from './bench-place';
import { sendLoad } from './ingest.bench';

const BATCHES = 400;
const SIZE = 500;
const LIMIT_MB = 300;

/** Peak resident memory of a process that verifies, and of one that exports, 200,000 entries. */
export async function benchMemory(place: BenchPlace): Promise<BenchResult[]> {
  const store = await createBenchStore(place);
  try {
    await sendLoad(store, { batches: BATCHES, size: SIZE, fromMs: Date.now() - 86_400_000, spanMs: 86_400_000 });
    // What is checked of a derived table is what was made of it.
    await caughtUp(store);
    await store.server.stop();
    const results: BenchResult[] = [];
    const csv = path.join(store.dataDir, 'all.csv');
    for (const [label, args] of [
      ['verify', ['verify']],
      ['verify --derived', ['verify', '--derived']],
      ['a CSV export', ['export', '--format', 'csv', '--output', csv]],
    ] as const) {
      const peakMb = await peakMemory(args, store.server.env);
      results.push({
        name: `resident memory of ${label} over ${(BATCHES * SIZE).toLocaleString('en')} entries / ${LIMIT_MB} MB`,
        ratio: peakMb / LIMIT_MB,
        bound: { atMost: 1 },
        figures: `${Math.round(peakMb)} MB at its peak`,
      });
    }
    return results;
  } finally {
    await store.drop();
  }
}

/** VmHWM of the process, in megabytes, read from Linux while it runs. */
function peakMemory(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(PROGRAM_ROOT, 'dist', 'server', 'cli', 'main.js'), ...args], {
      env,
      stdio: 'ignore',
    });
    let peak = 0;
    const timer = setInterval(() => {
      try {
        const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
        peak = Math.max(peak, Number(match?.[1] ?? 0) / 1024);
      } catch {
        // The process has ended between two looks.
      }
    }, 20);
    child.once('exit', (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`${args[0]} ended with ${code}`));
    });
  });
}
