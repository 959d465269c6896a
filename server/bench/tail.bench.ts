import { sendLoad } from './ingest.bench';
import { createBenchStore, median, type BenchPlace, type BenchResult, type BenchStore } from './bench-place';

const ROUNDS = 5;
/** A million entries by the ingest path take minutes: SQLite alone has them, MariaDB a fifth. */
const BATCHES = { sqlite: 10_000, mariadb: 2_000 } as const;
const SIZE = 100;
const NEW_BATCHES = 1;

/** `verify --new` after a hundred new entries, against `verify` of everything, in processes of their own. */
export async function benchTail(place: BenchPlace): Promise<BenchResult[]> {
  const store = await createBenchStore(place);
  try {
    const load = { size: SIZE, fromMs: Date.now() - 86_400_000, spanMs: 86_400_000 };
    await sendLoad(store, { ...load, batches: BATCHES[place.engine] });
    const { token } = JSON.parse(await store.server.cli('token', 'create', '--name', 'bench', '--scope', 'verify', '--json')) as { token: string }; // prettier-ignore
    // The report that `--new` begins at.
    await verifyAsJob(store.server.url, token);
    await sendLoad(store, { ...load, batches: NEW_BATCHES });
    await store.server.stop();
    const tails: number[] = [];
    const wholes: number[] = [];
    let entries = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const tail = await verify(store, '--new');
      const whole = await verify(store);
      if (tail.scanned > SIZE * NEW_BATCHES + 100) throw new Error(`--new looked at ${tail.scanned} entries`);
      tails.push(tail.ms);
      wholes.push(whole.ms);
      entries = whole.scanned;
    }
    return [
      {
        name: 'verify --new / verify',
        ratio: median(tails) / median(wholes),
        bound: { atMost: 0.01 * (1_000_000 / entries) },
        figures: `${Math.round(median(tails))} ms, ${Math.round(median(wholes))} ms for ${entries} entries`,
      },
    ];
  } finally {
    await store.drop();
  }
}

async function verify(store: BenchStore, ...flags: string[]) {
  const report = JSON.parse(await store.server.cli('verify', '--json', ...flags)) as {
    verdict: string;
    took_ms: number;
    ledgers: { scanned: number }[];
  };
  if (report.verdict !== 'intact') throw new Error(`verify said ${report.verdict}`);
  return { ms: report.took_ms, scanned: report.ledgers[0]?.scanned ?? 0 };
}

async function verifyAsJob(url: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const asked = await fetch(`${url}/api/v1/verify`, { method: 'POST', headers });
  const { job_id: id } = (await asked.json()) as { job_id: string };
  for (;;) {
    const job = (await (await fetch(`${url}/api/v1/jobs/${id}`, { headers })).json()) as { state: string };
    if (job.state === 'done') return;
    if (job.state !== 'queued' && job.state !== 'running') throw new Error(`the verification ended as ${job.state}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
