import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROGRAM_ROOT } from '../root';
import { childrenOf } from '../testing/processes';
import { caughtUp, createBenchStore, type BenchPlace, type BenchResult, type BenchStore } from './bench-place';
import { startBenchServer, type BenchServer } from './bench-server';
import { sendLoad } from './ingest.bench';

const BATCHES = 400;
const SIZE = 500;
const LIMIT_MB = 300;

/** Peak resident memory of processes that verify and export 200,000 entries: commands, and a server. */
export async function benchMemory(place: BenchPlace): Promise<BenchResult[]> {
  const store = await createBenchStore(place);
  try {
    await sendLoad(store, { batches: BATCHES, size: SIZE, fromMs: Date.now() - 86_400_000, spanMs: 86_400_000 });
    // What is checked of a derived table is what was made of it.
    await caughtUp(store);
    const busy = await peakOfExport(store.server);
    await store.server.stop();
    const results = [resultOf('a server that exports right behind taking them as fast as it can', busy)];
    const csv = path.join(store.dataDir, 'all.csv');
    for (const [label, args] of [
      ['verify', ['verify']],
      ['verify --derived', ['verify', '--derived']],
      ['a CSV export', ['export', '--format', 'csv', '--output', csv]],
    ] as const) {
      results.push(resultOf(label, await peakMemory(args, store.server.env)));
    }
    const { server, worker } = await peaksOfServer(store);
    results.push(resultOf('a server that exports, then verifies,', server));
    results.push(resultOf('the process that verifies for it', worker));
    return results;
  } finally {
    await store.drop();
  }
}

function resultOf(label: string, peakMb: number): BenchResult {
  return {
    name: `resident memory of ${label} over ${(BATCHES * SIZE).toLocaleString('en')} entries / ${LIMIT_MB} MB`,
    ratio: peakMb / LIMIT_MB,
    bound: { atMost: 1 },
    figures: `${Math.round(peakMb)} MB at its peak`,
  };
}

/** Peak of a server from now on, while all of it is exported over the API. */
async function peakOfExport(server: BenchServer): Promise<number> {
  // proc(5): the peak is counted anew from what is resident now.
  writeFileSync(`/proc/${server.pid}/clear_refs`, '5');
  await exportAll(await asker(server, 'export'));
  return peakOf(server.pid);
}

async function exportAll(ask: Ask): Promise<void> {
  const answer = await ask('/export?format=csv');
  if (!answer.ok) throw new Error(`the export was answered with ${answer.status}`);
  for await (const part of answer.body ?? []) void part;
}

type Ask = (where: string, options?: RequestInit) => Promise<Response>;

/** Asks the API with a token of its own. */
async function asker(server: BenchServer, scope: string): Promise<Ask> {
  const made = await server.cli('token', 'create', '--name', 'bench', '--scope', scope, '--json');
  const { token } = JSON.parse(made) as { token: string };
  return (where, options = {}) =>
    fetch(`${server.url}/api/v1${where}`, { ...options, headers: { authorization: `Bearer ${token}` } });
}

/** A fresh server, asked for a CSV over the API and for a verification right behind it. */
async function peaksOfServer({ databaseUrl, dataDir }: BenchStore): Promise<{ server: number; worker: number }> {
  const server = await startBenchServer({ databaseUrl, dataDir });
  const peaks = { server: 0, worker: 0 };
  const timer = setInterval(() => {
    peaks.server = Math.max(peaks.server, peakOf(server.pid));
    for (const child of childrenOf(server.pid)) peaks.worker = Math.max(peaks.worker, peakOf(child));
  }, 100);
  try {
    const ask = await asker(server, 'export,verify');
    await exportAll(ask);
    const { job_id: id } = (await (await ask('/verify', { method: 'POST' })).json()) as { job_id: string };
    for (;;) {
      const { state } = (await (await ask(`/jobs/${id}`)).json()) as { state: string };
      if (state === 'done') return peaks;
      if (state !== 'queued' && state !== 'running') throw new Error(`the verification ended as ${state}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    clearInterval(timer);
    await server.stop();
  }
}

/** VmHWM of a process, in megabytes (proc(5)); 0 when it has ended between two looks. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The peak of a process, read while it runs. */
function peakMemory(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(PROGRAM_ROOT, 'dist', 'server', 'cli', 'main.js'), ...args], {
      env,
      stdio: 'ignore',
    });
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid));
    }, 20);
    child.once('exit', (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`${args[0]} ended with ${code}`));
    });
  });
}
