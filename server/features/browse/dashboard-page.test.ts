import { aPageContext, anEntryView } from '../../testing/an-entry-view';
import type { Stats } from './browse-service';
import { dashboardPage, latestCount, type ChainSummary } from './dashboard-page';

const ctx = aPageContext();

function someStats(over: Partial<Stats> = {}): Stats {
  const days = Array.from({ length: 30 }, (_, i) => ({
    day: new Date(Date.UTC(2026, 9, 23 + i)).toISOString().slice(0, 10),
    entries: i === 29 ? 1000 : i === 28 ? 1 : 0,
    critical: i === 29 ? 3 : 0,
  }));
  return {
    total: 1542,
    critical: 3,
    today: 7,
    timeZone: 'Europe/Berlin',
    byCategory: {},
    bySeverity: {},
    days,
    quarantined: 0,
    ...over,
  };
}

const asked = (sort: string, chain: ChainSummary = { status: 'intact', at: '2026-11-21T03:00:00.000Z' }) => ({
  sort,
  chain,
});

describe('the state of the log', () => {
  const note = (chain: ChainSummary) => dashboardPage(someStats(), [], asked('', chain), ctx).chain;
  const at = '2026-11-21T03:00:00.000Z';

  it.each([
    ['intact', at, 'intact', 'Log intact'],
    ['broken', at, 'broken', 'Log broken'],
    ['cannot_tell', at, 'cannot_tell', 'Log: cannot tell'],
    ['never_verified', null, 'cannot_tell', 'Log never verified'],
  ])('is told where it is %s', (status, time, code, label) => {
    expect(note({ status, at: time })).toMatchObject({ code, label, href: '/verify' });
  });
});

describe('counters', () => {
  it('lead to what they count', () => {
    const { counters } = dashboardPage(
      someStats({ quarantined: 2 }),
      [anEntryView()],
      asked(''),
      aPageContext({ timeZone: 'Pacific/Auckland' }),
    );
    expect(counters.map(({ value, href }) => [value, href])).toEqual([
      ['1,542', '/entries'],
      ['3', '/entries?severity=critical'],
      ['7', '/entries?from=2026-11-21&to=2026-11-21'],
      ['2', '/quarantine'],
    ]);
  });

  it('say nothing of an empty quarantine', () => {
    expect(dashboardPage(someStats(), [anEntryView()], asked(''), ctx).counters).toHaveLength(3);
  });
});

describe('the chart', () => {
  const { chart } = dashboardPage(someStats(), [anEntryView()], asked(''), ctx);

  it('draws a day with one entry unlike a day with none', () => {
    expect(chart.bars.slice(27).map(({ height }) => height)).toEqual(['0.0', '2.0', '120.0']);
  });

  it('leads from a day to exactly that day in UTC', () => {
    expect(chart.bars[29]?.href).toBe('/entries?after=2026-11-21&before=2026-11-22');
    expect(chart.bars[29]?.title).toBe('Nov 21, 2026: 1,000 in all, 3 critical');
  });

  it('says so where nothing happened', () => {
    const empty = someStats({ days: someStats().days.map(({ day }) => ({ day, entries: 0, critical: 0 })) });
    expect(dashboardPage(empty, [], asked(''), ctx).chart.isEmpty).toBe(true);
  });
});

describe('the latest entries', () => {
  const entries = [
    anEntryView({ seq: 3, severity: 'info', category: 'tickets', action: 'ticket.opened' }),
    anEntryView({ seq: 2, severity: 'critical', category: 'clients', action: 'client.deleted' }),
    anEntryView({ seq: 1, severity: 'warning', category: 'domains', action: 'domain.updated' }),
  ];
  const order = (sort: string) => dashboardPage(someStats(), entries, asked(sort), ctx).lines.map(({ seq }) => seq);

  it.each([
    ['', [3, 2, 1]],
    ['time', [1, 2, 3]],
    ['severity', [3, 1, 2]],
    ['-severity', [2, 1, 3]],
    ['category', [2, 1, 3]],
    ['-action', [3, 1, 2]],
    ['actor', [3, 2, 1]],
    ['nonsense', [3, 2, 1]],
  ])('sorted by "%s" are %j', (sort, expected) => {
    const timed = entries.map((entry) => ({ ...entry, occurred_at: `2026-11-21T00:00:0${entry.seq}.000Z` }));
    expect(dashboardPage(someStats(), timed, asked(sort), ctx).lines.map(({ seq }) => seq)).toEqual(expected);
  });

  it('keep newest first among equals', () => {
    expect(order('-actor')).toEqual([3, 2, 1]);
  });

  it('turn round at the second click on a column', () => {
    const column = (sort: string) =>
      dashboardPage(someStats(), entries, asked(sort), ctx).columns.find(({ name }) => name === 'severity');
    expect([column('')?.href, column('')?.direction]).toEqual(['/?sort=-severity#latest', 'none']);
    expect([column('-severity')?.href, column('-severity')?.direction]).toEqual([
      '/?sort=severity#latest',
      'descending',
    ]);
  });
});

describe('the first run', () => {
  const own = anEntryView({ source: { ...anEntryView().source, kind: 'own' } });
  const steps = (total: number, entries = [own]) =>
    dashboardPage(someStats({ total }), entries, asked(''), ctx).firstRun.length;

  it('shows three steps until a bridge has sent something', () => {
    expect(steps(2)).toBe(3);
    expect(steps(0, [])).toBe(3);
    expect(steps(2, [own, anEntryView()])).toBe(0);
    expect(steps(5000)).toBe(0);
  });

  it('looks through all of a young ledger', () => {
    expect([latestCount(someStats({ total: 60 })), latestCount(someStats({ total: 6000 }))]).toEqual([100, 10]);
  });
});
