import { median, createBenchStore, timed, type BenchPlace, type BenchResult, type BenchStore } from './bench-place';
import { sendLoad } from './ingest.bench';

const SMALL = 10_000;
const LARGE = 1_000_000;
const ROUNDS = 15;

/** Filtered pages as a signed-in reader asks for them. */
const PAGES = [
  '/entries?category=financial',
  '/entries?severity=notice&category=services',
  '/entries?actor=admin:7',
  '/entries?target=invoice:4000',
  '/entries?action=invoice.*',
  '/entries?q=Lin',
  '/entries?outcome=success&category=tickets',
];

/** A filtered page at a million entries against the same page at ten thousand. */
export async function benchPage(place: BenchPlace): Promise<BenchResult[]> {
  const small = await filled(place, SMALL);
  const large = await filled(place, LARGE);
  try {
    const results: BenchResult[] = [];
    const visitors = [await signIn(small), await signIn(large)] as const;
    for (const path of PAGES) {
      const times: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS + 3; round += 1) {
        for (const at of [0, 1] as const) {
          const seconds = await timed(() => visitors[at](path));
          if (round >= 3) times[at].push(seconds * 1000);
        }
      }
      const [few, many] = [median(times[0]), median(times[1])];
      results.push({
        name: `page ${path} at ${LARGE.toLocaleString('en')} entries / at ${SMALL.toLocaleString('en')}`,
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

async function filled(place: BenchPlace, entries: number): Promise<BenchStore> {
  const store = await createBenchStore(place);
  const perLoad = 50_000;
  const days = 86_400_000;
  for (let sent = 0; sent < entries; sent += perLoad) {
    const size = 500;
    const fromMs = Date.now() - 30 * days + (sent / entries) * 30 * days;
    await sendLoad(store, {
      batches: Math.min(perLoad, entries - sent) / size,
      size,
      fromMs,
      spanMs: (Math.min(perLoad, entries) / entries) * 30 * days,
    });
  }
  await indexed(store);
  return store;
}

/** Waits until the search index holds everything. */
async function indexed(store: BenchStore): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${store.server.url}/metrics`)).text();
    if (/^sealtrail_index_behind 0$/m.test(metrics)) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function signIn(store: BenchStore): Promise<(path: string) => Promise<void>> {
  const { url } = store.server;
  const { url: signInUrl } = JSON.parse(await store.server.cli('login-link', '--json')) as { url: string };
  const link = `${url}${new URL(signInUrl).pathname}`;
  const form = await fetch(link);
  const cookie = cookieOf(form);
  const token = /name="_csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? '';
  const signedIn = await fetch(link, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ _csrf: token }),
  });
  const session = cookieOf(signedIn);
  return async (path) => {
    const page = await fetch(`${url}${path}`, { headers: { cookie: session } });
    const html = await page.text();
    if (page.status !== 200 || !html.includes('<table')) throw new Error(`${path} answered ${page.status}`);
  };
}

function cookieOf(response: Response): string {
  return response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; '); // prettier-ignore
}
