import { formatCompact, formatHour, formatWeekday, showTime, type PageContext } from '../../http/page-context';
import type { HourActivity } from './activity-reader';
import { drawHeat, type HeatDrawing, type HeatSize } from './charts/draw-heat';

interface Cell {
  readonly text: string;
  readonly title: string;
  /** The latest such hour that has entries; null where none has. */
  readonly href: string | null;
}

type DrawnCell = HeatDrawing['cells'][number] & Cell;

interface Picture extends Omit<HeatDrawing, 'cells' | 'columns' | 'rows'> {
  readonly name: string;
  readonly cells: readonly DrawnCell[];
  readonly columns: readonly { readonly text: string; readonly x: string; readonly y: string }[];
  readonly rows: readonly { readonly text: string; readonly x: string; readonly y: string }[];
}

export interface HeatPage {
  readonly title: string;
  readonly summary: string;
  readonly isEmpty: boolean;
  readonly pictures: readonly Picture[];
  readonly weekdays: readonly string[];
  readonly table: readonly { readonly hour: string; readonly cells: readonly Cell[] }[];
}

const WIDE: HeatSize = { width: 960, cellHeight: 30 };
const NARROW: HeatSize = { width: 360, cellHeight: 22 };
const HOUR_MS = 3_600_000;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** In which hours of the week entries are made, by the clock of the reader's zone. Rows of `hours` are weekdays, Monday first. */
export function heatPage(hours: readonly (readonly HourActivity[])[], ctx: PageContext): HeatPage {
  const { t, url } = ctx;
  const days = hours.map((_, weekday) => formatWeekday(weekday, 'short', ctx));
  const busiest = hours.flatMap((row, weekday) => row.map(({ entries }, hour) => ({ entries, weekday, hour }))).reduce((a, b) => (b.entries > a.entries ? b : a)); // prettier-ignore
  const cellOf = (weekday: number, hour: number): Cell => {
    const { entries, latest } = hours[weekday]?.[hour] ?? { entries: 0, latest: null };
    const values = { weekday: formatWeekday(weekday, 'long', ctx), hour: formatHour(hour, ctx), count: entries }; // prettier-ignore
    if (latest === null || entries === 0) return { text: '', title: t('dashboard:heat.none', values), href: null };
    return {
      text: formatCompact(entries, ctx),
      title: t('dashboard:heat.cell', { ...values, latest: showTime(latest, ctx).local }),
      href: url('/entries', {
        after: new Date(latest).toISOString(),
        before: new Date(latest + HOUR_MS).toISOString(),
      }),
    };
  };
  const byDay = hours.map((row) => row.map(({ entries }) => entries));
  const byHour = HOURS.map((hour) => byDay.map((row) => row[hour] ?? 0));
  const isEmpty = busiest.entries === 0;
  return {
    title: t('dashboard:heat.title', { zone: ctx.timeZone }),
    summary: t('dashboard:heat.summary', {
      weekday: formatWeekday(busiest.weekday, 'long', ctx),
      hour: formatHour(busiest.hour, ctx),
      count: busiest.entries,
    }),
    isEmpty,
    pictures: isEmpty
      ? []
      : [
          picture('wide', drawHeat(byDay, WIDE), cellOf, days, HOURS.map((hour) => (hour % 3 === 0 ? formatHour(hour, ctx) : ''))), // prettier-ignore
          picture('narrow', drawHeat(byHour, NARROW), (hour, weekday) => cellOf(weekday, hour), HOURS.map((hour) => formatHour(hour, ctx)), days), // prettier-ignore
        ],
    weekdays: days,
    table: HOURS.map((hour) => ({ hour: formatHour(hour, ctx), cells: hours.map((_, weekday) => cellOf(weekday, hour)) })), // prettier-ignore
  };
}

function picture(
  name: string,
  drawing: HeatDrawing,
  cellOf: (row: number, column: number) => Cell,
  rows: readonly string[],
  columns: readonly string[],
): Picture {
  return {
    ...drawing,
    name,
    cells: drawing.cells.map((cell) => ({ ...cell, ...cellOf(cell.row, cell.column) })),
    columns: drawing.columns.map(({ index, x, y }) => ({ x, y, text: columns[index] ?? '' })),
    rows: drawing.rows.map(({ index, x, y }) => ({ x, y, text: rows[index] ?? '' })),
  };
}
