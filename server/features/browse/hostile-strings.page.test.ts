import { tokenize } from '../../core/search-tokens';
import { hostileItem } from '../../testing/hostile-item';
import { BROKEN_STRINGS, HOSTILE_STRINGS } from '../../testing/hostile-strings';
import { throughLibreOffice } from '../../testing/libre-office';
import { readCsv } from '../../testing/read-csv';
import type { Sender } from '../../testing/sender';
import { startTestPages, type TestPages } from '../../testing/visitor';

// Each of the strings in every field of an event of its own, sent as a bridge sends it.

interface Kept {
  readonly value: string;
  readonly seq: number;
}

/** An entry as the API and an export have it. */
interface Entry {
  readonly seq: number;
  readonly actor: { readonly name: string; readonly role: string };
  readonly target: { readonly label: string | null };
  readonly user_agent: string;
  readonly source: { readonly payload: Readonly<Record<string, unknown>> };
}

const PER_DELIVERY = 100;

let pages: TestPages;
let sender: Sender;
let kept: readonly Kept[];

beforeAll(async () => {
  pages = await startTestPages();
  sender = await pages.site.pair();
  const found: Kept[] = [];
  for (let at = 0; at < HOSTILE_STRINGS.length; at += PER_DELIVERY) {
    const values = HOSTILE_STRINGS.slice(at, at + PER_DELIVERY);
    const { body, text } = await sender.send(values.map((value) => hostileItem(value)));
    if (body.receipts?.length !== values.length) throw new Error(text.slice(0, 500));
    found.push(...values.map((value, index) => ({ value, seq: body.receipts[index]?.seq ?? 0 })));
  }
  kept = found;
});
afterAll(() => pages?.stop());
afterEach(() => pages?.leave());

async function exported(format: string): Promise<string> {
  const { context } = await pages.open();
  const { token } = await pages.site.ask<{ token: string }>('token', 'create', '--name', format, '--scope', 'export');
  const answer = await context.request.get(
    `${pages.site.url}/api/v1/export?format=${format}&hook=TicketOpen&sort=seq`,
    {
      headers: { authorization: `Bearer ${token}` },
    },
  );
  return answer.text();
}

const entryOf = (entries: readonly Entry[], { seq }: Kept) => entries.find((entry) => entry.seq === seq);

it('there are 500 of them', () => {
  expect(kept.length).toBeGreaterThanOrEqual(500);
});

it('all are shown as text: on the page of each entry and on the lists', async () => {
  const { page, complaints } = await pages.open();
  await page.goto(`${pages.site.url}/entries`);
  // The page's own parser reads each entry, and tells what is in it beside our own elements.
  const read = await page.evaluate<{ seq: number; payload: string; strange: string[] }[]>(`Promise.all(
    ${JSON.stringify(kept.map(({ seq }) => seq))}.map(async (seq) => {
      const answer = await fetch('/entries/' + seq + '?drawer=1');
      const body = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const ours = 'html,head,body,article,header,section,p,h1,h2,h3,a,span,svg,use,bdi,code,pre,time,dl,dt,dd,div,ul,li,table,thead,tbody,tr,th,td,del,ins,button,form,input[type=hidden],details,summary,nav.st-turn';
      const strange = [...body.querySelectorAll('*')].filter((one) => !one.matches(ours) || one.getAttributeNames().some((name) => name.startsWith('on') || name === 'style' || name === 'srcdoc'));
      return { seq, payload: body.querySelector('.st-payload').textContent, strange: strange.map((one) => one.outerHTML.slice(0, 100)) };
    }),
  )`);
  expect(read.filter(({ strange }) => strange.length > 0)).toEqual([]);
  const wrong = kept.filter(({ value, seq }) => {
    const payload = JSON.parse(concealed(read.find((one) => one.seq === seq)?.payload ?? '')) as Record<
      string,
      unknown
    >;
    return payload['message'] !== value;
  });
  expect(wrong).toEqual([]);

  for (let list = 1; list <= Math.ceil(kept.length / 100); list += 1) {
    await page.goto(`${pages.site.url}/entries?hook=TicketOpen&range=all&per_page=100&page=${list}`);
    expect(await page.locator('.st-row-link').count()).toBeGreaterThan(0);
    expect(
      await page
        .locator(
          'main :is(img, script:not([src^="/assets/"]), iframe, style, object, b, svg[onload], [onfocus], [style])',
        )
        .count(),
    ).toBe(0);
  }
  expect(await page.evaluate('window.pwned')).toBeUndefined();
  expect(complaints).toEqual([]);
});

it('all that has a letter or a digit is found by its words', async () => {
  const lost: Kept[] = [];
  for (const one of kept) {
    // A word is known by its first 64 letters, and a search takes 200.

    const words = [...one.value]
      .slice(0, 190)
      .join('')
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
    if (tokenize(words, { forSearch: true }).size === 0) continue;
    const query = new URLSearchParams({ q: words, hook: 'TicketOpen', per_page: '100' });
    const found = new Set<number>();
    for (let page = 1; page <= 6 && !found.has(one.seq); page += 1) {
      const answer = await pages.site.api<{ entries: Entry[] }>(`/entries?${query.toString()}&page=${page}`);
      for (const { seq } of answer.entries) found.add(seq);
      if (answer.entries.length < 100) break;
    }
    if (!found.has(one.seq)) lost.push(one);
  }
  expect(lost).toEqual([]);
});

it('NDJSON gives every one back as it came', async () => {
  const entries = (await exported('ndjson')).trimEnd().split('\n').map((line) => JSON.parse(line) as Entry); // prettier-ignore
  const changed = kept.filter((one) => {
    const payload = entryOf(entries, one)?.source.payload ?? {};
    // What is named as passwords are is kept out, whatever it holds.
    const asName = /passw/.test(one.value) ? one.value : payload[one.value];
    return [payload['message'], payload['subject'], asName].some((found) => found !== one.value);
  });
  expect(changed).toEqual([]);
});

it('CSV parses back to what the API says, and no spreadsheet takes a cell for a formula', async () => {
  const entries = (await exported('ndjson')).trimEnd().split('\n').map((line) => JSON.parse(line) as Entry); // prettier-ignore
  const csv = (await exported('csv')).replace(/^\ufeff/, '');
  const [names = [], ...rows] = readCsv(csv);
  const column = (name: string) => names.indexOf(name);
  expect(rows).toHaveLength(entries.length);
  // An apostrophe in front keeps a text from being run.
  const same = (cell = '', wanted = '') => cell === wanted || cell === `'${wanted}`;
  for (const [at, row] of rows.entries()) {
    const entry = entries[at];
    const wanted = { seq: String(entry?.seq), actor_name: entry?.actor.name, actor_role: entry?.actor.role, target_label: entry?.target.label ?? '', user_agent: entry?.user_agent }; // prettier-ignore
    for (const [name, text] of Object.entries(wanted)) expect([name, row[column(name)], same(row[column(name)], text)]).toEqual([name, row[column(name)], true]); // prettier-ignore
    expect(JSON.parse(row[column('payload')] ?? '')).toEqual(entry?.source.payload);
    expect(row.filter((cell) => /^[\s\0]*[=+\-@|%＝＋－＠]/.test(cell))).toEqual([]);
  }
  const { formulas } = await throughLibreOffice(csv, names.length);
  expect(formulas).toBe(0);
});

it('half a pair of surrogates becomes no entry that says something else: it is set aside or its place is marked', async () => {
  for (const value of BROKEN_STRINGS) {
    const { body } = await sender.send([hostileItem(value)]);
    expect(body.accepted + body.quarantined).toBe(1);
    const seq = body.receipts[0]?.seq;
    if (seq === undefined) continue;
    const { source } = await pages.site.api<Entry>(`/entries/${seq}`);
    expect(source.payload['message']).toBe(value.toWellFormed());
  }
});

/** Undoes what the pages write for what cannot be seen: "⟨U+202E⟩". */
function concealed(text: string): string {
  return text.replace(/⟨U\+([0-9A-F]{4,6})⟩/g, (_all, code: string) => {
    const letter = String.fromCodePoint(parseInt(code, 16));
    // Within JSON such a letter was written as it is; a control would have been escaped already.
    return letter < ' ' ? JSON.stringify(letter).slice(1, -1) : letter;
  });
}
