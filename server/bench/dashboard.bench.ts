import {
  caughtUp,
  createBenchStore,
  median,
  timed,
  type BenchPlace,
  type BenchResult,
  type BenchStore,
} from './bench-place';
import { sendLoad } from './ingest.bench';

const SMALL = 10_000;
const LARGE = 1_000_000;
const ROUNDS = 15;
const WARM_UP = 3;
const PERIODS = [30, 90] as const;
const DAY_MS = 86_400_000;
const SPAN_MS = 30 * DAY_MS;
const LOAD = 50_000;
const BATCH = 500;

/** The dashboard at a million entries against the same page at ten thousand, both spread over the same month. */
export async function benchDashboard(place: BenchPlace): Promise<BenchResult[]> {
  const small = await filled(place, SMALL);
  const large = await filled(place, LARGE);
  try {
    const readers = [await signIn(small), await signIn(large)] as const;
    const results: BenchResult[] = [];
    for (const days of PERIODS) {
      const times: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
        for (const at of [0, 1] as const) {
          const seconds = await timed(() => readers[at](`/?days=${days}`));
          if (round >= WARM_UP) times[at].push(seconds * 1000);
        }
      }
      const [few, many] = [median(times[0]), median(times[1])];
      results.push({
        name: `dashboard of ${days} days at ${LARGE.toLocaleString('en')} entries / at ${SMALL.toLocaleString('en')}`,
        ratio: many / few,
        bound: { atMost: 2 },
        figures: `${many.toFixed(1)} ms, ${few.toFixed(1)} ms`,
      });
    }
    return results;
  } finally {
    await small.drop();
    await large.drop();
  }
}

/** Sent through the real ingest path; ready when every reader behind the commits has come to its end. */
async function filled(place: BenchPlace, entries: number): Promise<BenchStore> {
  const store = await createBenchStore(place);
  for (let sent = 0; sent < entries; sent += LOAD) {
    const size = Math.min(LOAD, entries - sent);
    const fromMs = Date.now() - SPAN_MS + (sent / entries) * SPAN_MS;
    await sendLoad(store, { batches: size / BATCH, size: BATCH, fromMs, spanMs: (size / entries) * SPAN_MS });
  }
  await caughtUp(store);
  return store;
}

/** Asks for a page of the dashboard as somebody who has signed in. */
async function signIn(store: BenchStore): Promise<(path: string) => Promise<void>> {
  const { url } = store.server;
  const { url: signInUrl } = JSON.parse(await store.server.cli('login-link', '--json')) as { url: string };
  const link = `${url}${new URL(signInUrl).pathname}`;
  const form = await fetch(link);
  const token = /name="_csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? '';
  const signedIn = await fetch(link, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookieOf(form), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ _csrf: token }),
  });
  const session = cookieOf(signedIn);
  return async (path) => {
    const page = await fetch(`${url}${path}`, { headers: { cookie: session } });
    const html = await page.text();
    if (page.status !== 200 || !html.includes('dash-picture')) throw new Error(`${path} answered ${page.status}`);
  };
}

function cookieOf(response: Response): string {
  return response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; '); // prettier-ignore
}
