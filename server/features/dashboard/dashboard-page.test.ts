import { aPageContext, anEntryView } from '../../testing/an-entry-view';
import { CATEGORIES } from '../../core/event';
import { dashboardPage, latestCount, ownDashboardPage, type DashboardRequest } from './dashboard-page';
import type { DashboardFigures, SystemState } from './dashboard-service';
import { lastDays } from './local-days';

const ctx = aPageContext();
const cards = { quickStart: [], allHref: '/help', version: '0.1.0', releases: [], changelogHref: '/changelog', supportHref: null }; // prettier-ignore
const given = (over: Partial<DashboardRequest> = {}) => ({
  asked: { days: 30, top: 7, sort: '', ...over } satisfies DashboardRequest,
  cards,
});

function someFigures(over: Partial<DashboardFigures> = {}): DashboardFigures {
  const period = lastDays(ctx.now, ctx.timeZone, 30);
  return {
    total: 1542,
    critical: 3,
    today: 7,
    usual: 98,
    period,
    activity: {
      days: period.map(({ day }, i) => ({ day, categories: CATEGORIES.map((_, k) => (i === 29 ? 125 : k === 0 && i === 28 ? 1 : 0)) })), // prettier-ignore
      hours: Array.from({ length: 7 }, (_, weekday) => Array.from({ length: 24 }, (_unused, hour) => (weekday === 5 && hour === 4 ? { entries: 1001, latest: Date.UTC(2026, 10, 21, 3) } : { entries: 0, latest: null }))), // prettier-ignore
      severities: [900, 97, 1, 3],
    },
    actors: [
      { side: 'actor', type: 'admin', id: '7', entries: 60, newest: anEntryView() },
      { side: 'actor', type: 'client', id: '5', entries: 1, newest: anEntryView({ actor: { type: 'client', id: '5', name: null, role: null, acting_as: null } }) }, // prettier-ignore
      { side: 'actor', type: 'system', id: '', entries: 1, newest: null },
    ],
    targets: [{ side: 'target', type: 'domain', id: 'a,b', entries: 2, newest: null }],
    ...over,
  };
}

function someState(over: Partial<SystemState> = {}): SystemState {
  return {
    chain: { status: 'intact', at: '2026-11-21T03:00:00.000Z' },
    bridges: [],
    index: 0,
    activity: 0,
    tree: 0,
    quarantined: 0,
    waiting: 0,
    ...over,
  };
}

const page = (over: Partial<DashboardFigures> = {}, state: Partial<SystemState> = {}, asked: Partial<DashboardRequest> = {}) =>
  dashboardPage(someFigures(over), someState(state), [anEntryView()], given(asked), ctx); // prettier-ignore
const charts = (over: Partial<DashboardFigures> = {}) => {
  const found = page(over).charts;
  if (!found) throw new Error('no charts');
  return found;
};

describe('counters', () => {
  it('lead to what they count, and compare today with what is usual', () => {
    const { counters } = page({}, { quarantined: 2 });
    expect(counters.map(({ value, href }) => [value, href])).toEqual([
      ['1,542', '/entries?range=all'],
      ['3', '/entries?severity=critical&range=all'],
      ['7', '/entries?from=2026-11-21&to=2026-11-21'],
      ['2', '/quarantine'],
    ]);
    expect(counters[2]?.note).toBe('usually 98 by this time on a Saturday');
  });

  it('compare with nothing where too little is known', () => {
    expect(page({ usual: null }).counters[2]?.note).toBe('in Europe/Berlin');
  });
});

describe('entries by day', () => {
  it('has a layer for each category, from the top of the stack down, with its share', () => {
    const { layers } = charts().stack;
    expect(layers.map(({ code }) => code)).toEqual([...CATEGORIES].reverse());
    expect(layers.at(-1)).toMatchObject({ total: '126', share: '13%', href: '/entries?category=authentication&from=2026-10-23&to=2026-11-21' }); // prettier-ignore
  });

  it('draws a bar as high as its layers, one above the other', () => {
    const [picture] = charts().stack.pictures;
    const heights = (picture?.paths ?? []).map(({ path }) => /M\d[\d.]* ([\d.]+)h[\d.]+V([\d.]+)h-[\d.]+z$/.exec(path)?.slice(1).map(Number)); // prettier-ignore
    for (const [k, [from, to] = []] of heights.entries()) {
      expect(from).toBeGreaterThan(to ?? 0);
      if (k > 0) expect(from).toBeCloseTo(heights[k - 1]?.[1] ?? 0, 0);
    }
    expect(picture?.paths.map(({ path }) => path.split('z').length - 1)).toEqual([2, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('leads from a bar and from each figure of the table to exactly these entries', () => {
    const { pictures, table } = charts().stack;
    expect(pictures[0]?.columns[29]).toMatchObject({ href: '/entries?from=2026-11-21&to=2026-11-21', title: 'Nov 21, 2026: 1,000 entries' }); // prettier-ignore
    expect(table[28]).toMatchObject({ day: 'Nov 20, 2026', total: { text: '1' } });
    expect(table[28]?.figures.map(({ href }) => href)).toEqual([...Array<null>(7).fill(null), '/entries?category=authentication&from=2026-11-20&to=2026-11-20']); // prettier-ignore
  });

  it('has no picture where there is nothing to draw', () => {
    const { activity } = someFigures();
    const days = activity.days.map(({ day }) => ({ day, categories: CATEGORIES.map(() => 0) }));
    expect(charts({ activity: { ...activity, days } }).stack).toMatchObject({ isEmpty: true, pictures: [] });
  });
});

describe('entries by hour of the week', () => {
  it('leads to the latest such hour, and says so', () => {
    const { pictures, table } = charts().heat;
    const cells = pictures[0]?.cells.filter(({ href }) => href !== null) ?? [];
    expect(cells).toMatchObject([
      { row: 5, column: 4, level: 5, text: '1K', href: '/entries?after=2026-11-21T03%3A00%3A00.000Z&before=2026-11-21T04%3A00%3A00.000Z' },
    ]); // prettier-ignore
    expect(cells[0]?.title).toMatch(/^Saturday 04:00: 1,001 entries; the latest such hour: Nov 21, 2026, 04:00:00/);
    expect(table[4]?.cells[5]).toMatchObject({ text: '1K' });
  });

  it('turns rows and columns on a narrow screen', () => {
    const [wide, narrow] = charts().heat.pictures;
    expect([wide?.rows.length, wide?.columns.length, narrow?.rows.length, narrow?.columns.length]).toEqual([7, 24, 24, 7]); // prettier-ignore
    expect(narrow?.cells.find(({ href }) => href !== null)).toMatchObject({ row: 4, column: 5 });
  });
});

describe('severities and top lists', () => {
  it('have the gravest first and draw even a single entry', () => {
    expect(charts().severity.lines.map(({ mark, count, share, width }) => [mark, count, share, width])).toEqual([
      ['critical', '3', '0.3%', '1.0'],
      ['warning', '1', '0.1%', '1.0'],
      ['notice', '97', '10%', '10.8'],
      ['info', '900', '90%', '100.0'],
    ]);
  });

  it('name whom they can, keep no name that was erased, and lead to the same days in UTC', () => {
    const [actors, targets] = charts().tops;
    expect(actors?.lines.map(({ label, href }) => [label, href])).toEqual([
      ['jane.doe', '/entries?actor=admin%3A7&after=2026-11-15&before=2026-11-22'],
      ['Client #5', '/entries?actor=client%3A5&after=2026-11-15&before=2026-11-22'],
      ['System', '/entries?actor=system&after=2026-11-15&before=2026-11-22'],
    ]);
    expect(targets?.lines).toMatchObject([
      { label: 'Domain a,b', href: '/entries?target=%22domain%3Aa%2Cb%22&after=2026-11-15&before=2026-11-22' },
    ]);
  });
});

describe('the address', () => {
  it('keeps one choice when another is made', () => {
    const { periods, charts: drawn, latest } = page({}, {}, { days: 90, top: 30, sort: '-severity' });
    expect(periods.map(({ href, isCurrent }) => [href, isCurrent])).toEqual([
      ['/?days=7&top=30&sort=-severity#activity', false],
      ['/?top=30&sort=-severity#activity', false],
      ['/?days=90&top=30&sort=-severity#activity', true],
    ]);
    expect(drawn?.topDays[0]?.href).toBe('/?days=90&sort=-severity#top');
    expect(latest.columns.find(({ name }) => name === 'severity')?.href).toBe('/?days=90&top=30&sort=severity#latest');
  });
});

describe('the latest entries', () => {
  const entries = [
    anEntryView({ seq: 3, severity: 'info', category: 'tickets', action: 'ticket.opened' }),
    anEntryView({ seq: 2, severity: 'critical', category: 'clients', action: 'client.deleted' }),
    anEntryView({ seq: 1, severity: 'warning', category: 'domains', action: 'domain.updated' }),
  ].map((entry) => ({ ...entry, occurred_at: `2026-11-21T00:00:0${entry.seq}.000Z` }));
  const latest = (sort: string) => dashboardPage(someFigures(), someState(), entries, given({ sort }), ctx).latest;

  it.each([
    ['', [3, 2, 1]],
    ['time', [1, 2, 3]],
    ['severity', [3, 1, 2]],
    ['-severity', [2, 1, 3]],
    ['category', [2, 1, 3]],
    ['-action', [3, 1, 2]],
    ['actor', [3, 2, 1]],
    ['-actor', [3, 2, 1]],
    ['nonsense', [3, 2, 1]],
  ])('sorted by "%s" are %j', (sort, expected) => {
    expect(latest(sort).lines.map(({ seq }) => seq)).toEqual(expected);
  });

  it('turn round at the second click on a column', () => {
    const column = (sort: string) => latest(sort).columns.find(({ name }) => name === 'severity');
    expect([column('')?.href, column('')?.direction]).toEqual(['/?sort=-severity#latest', 'none']);
    expect([column('-severity')?.href, column('-severity')?.direction]).toEqual([
      '/?sort=severity#latest',
      'descending',
    ]);
  });
});

describe('the first run', () => {
  const own = anEntryView({ source: { ...anEntryView().source, kind: 'own' } });
  const first = (total: number, entries = [own]) =>
    dashboardPage(someFigures({ total }), someState(), entries, given(), ctx);

  it('shows three steps and no charts until a bridge has sent something', () => {
    for (const [total, entries, steps] of [
      [2, [own], 3],
      [0, [], 3],
      [2, [own, anEntryView()], 0],
      [5000, [own], 0],
    ] as const) {
      const { firstRun, charts: drawn } = first(total, [...entries]);
      expect([firstRun.length, drawn === null]).toEqual([steps, steps === 3]);
    }
  });

  it('looks through all of a young ledger', () => {
    expect([latestCount(60), latestCount(6000)]).toEqual([100, 10]);
  });
});

it('shows somebody who may read only their own entries nobody else’s figures', () => {
  const own = ownDashboardPage([anEntryView()], { ...given(), actor: 'admin:7' }, ctx);
  expect(own).toMatchObject({ counters: [], strip: [], periods: [], charts: null, firstRun: [], allHref: '/entries?actor=admin%3A7&range=all' }); // prettier-ignore
  expect(own.latest.lines).toHaveLength(1);
});
