import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPrivateMariadb } from '../testing/private-mariadb';
import { benchIngest } from './ingest.bench';
import { benchMemory } from './memory.bench';
import { benchPage } from './page.bench';
import type { BenchPlace, BenchResult } from './bench-place';
import { benchDashboard } from './dashboard.bench';
import { benchPrune } from './prune.bench';
import { benchTail } from './tail.bench';
import { benchTree } from './tree.bench';
import { benchVerify } from './verify.bench';

/**
 * `npm run bench [ingest|tree|verify|tail|page|dashboard|memory|prune] [sqlite|mariadb]`: every claim of speed as a ratio to a baseline named beside it,
 * measured in the same run on the same machine, several rounds in turn, the middle one counting.
 */
async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const isWanted = (name: string, all: readonly string[]) =>
    !all.some((one) => wanted.includes(one)) || wanted.includes(name);
  const mariadb = process.env['SEALTRAIL_TEST_MYSQL_URL'] === undefined ? await startPrivateMariadb() : undefined;
  if (mariadb) process.env['SEALTRAIL_TEST_MYSQL_URL'] = mariadb.url;
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-bench-'));
  let failed = false;
  try {
    for (const engine of ['sqlite', 'mariadb'] as const) {
      if (!isWanted(engine, ['sqlite', 'mariadb'])) continue;
      const place: BenchPlace = { engine, folder };
      for (const [name, bench] of Object.entries(BENCHES)) {
        if (!isWanted(name, Object.keys(BENCHES))) continue;
        for (const result of await bench(place)) failed = !print(engine, result) || failed;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await mariadb?.stop();
  }
  if (failed) process.exitCode = 1;
}

const BENCHES: Readonly<Record<string, (place: BenchPlace) => Promise<BenchResult[]>>> = {
  ingest: benchIngest,
  tree: benchTree,
  verify: benchVerify,
  tail: benchTail,
  page: benchPage,
  dashboard: benchDashboard,
  memory: benchMemory,
  prune: benchPrune,
};

function print(engine: string, result: BenchResult): boolean {
  const { ratio, bound } = result;
  const holds = bound.atLeast === undefined ? ratio <= (bound.atMost ?? Infinity) : ratio >= bound.atLeast;
  const limit = bound.atLeast === undefined ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`;
  process.stdout.write(
    `${holds ? 'ok  ' : 'FAIL'}  ${engine.padEnd(8)} ${result.name}: ${ratio.toFixed(2)} (${limit}); ${result.figures}\n`,
  );
  return holds;
}

void main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
