import { CATEGORIES } from '../../core/event';
import {
  formatDay,
  formatNumber,
  formatShare,
  formatShortDay,
  translateCode,
  type PageContext,
} from '../../http/page-context';
import type { DayActivity } from './activity-reader';
import { drawStack, type ChartSize, type StackDrawing } from './charts/draw-stack';

/** One category: a layer of the picture, a line of its key, a column of the table. */
interface Layer {
  readonly code: string;
  readonly label: string;
  readonly total: string;
  readonly share: string;
  readonly href: string;
}

interface Picture extends Omit<StackDrawing, 'ticks' | 'labels' | 'columns'> {
  /** Names the picture's own patterns: there are two pictures on the page. */
  readonly name: string;
  readonly paths: readonly { readonly code: string; readonly path: string }[];
  readonly columns: readonly (StackDrawing['columns'][number] & { readonly href: string; readonly title: string })[];
  readonly ticks: readonly { readonly text: string; readonly y: string }[];
  readonly labels: readonly {
    readonly text: string;
    readonly x: string;
    readonly y: string;
    readonly anchor: string;
  }[];
}

interface Figure {
  readonly text: string;
  /** Null where there is nothing to lead to. */
  readonly href: string | null;
}

export interface StackPage {
  readonly title: string;
  readonly summary: string;
  readonly isEmpty: boolean;
  /** From the top of the stack to its foot, as the eye reads it. */
  readonly layers: readonly Layer[];
  readonly pictures: readonly Picture[];
  readonly table: readonly { readonly day: string; readonly total: Figure; readonly figures: readonly Figure[] }[];
}

const SIZES: Readonly<Record<string, ChartSize>> = {
  wide: { width: 960, height: 250, labels: 8 },
  narrow: { width: 360, height: 220, labels: 3 },
};

/** How many entries each day has, stacked by category. Days are those of the reader's zone. */
export function stackPage(days: readonly DayActivity[], ctx: PageContext): StackPage {
  const { t, url } = ctx;
  const totals = days.map(({ categories }) => categories.reduce((sum, count) => sum + count, 0));
  const total = totals.reduce((sum, count) => sum + count, 0);
  const most = Math.max(0, ...totals);
  const [from, to] = [days[0]?.day, days.at(-1)?.day];
  const layers = CATEGORIES.map((code, k): Layer => {
    const entries = days.reduce((sum, { categories }) => sum + (categories[k] ?? 0), 0);
    return {
      code,
      label: translateCode(ctx, 'terms:category.', code),
      total: formatNumber(entries, ctx),
      share: formatShare(total === 0 ? 0 : entries / total, ctx),
      href: url('/entries', { category: code, from, to }),
    };
  });
  const hrefOf = (day: string, category?: string) => url('/entries', { category, from: day, to: day });
  const figure = (count: number, href: string): Figure => ({ text: formatNumber(count, ctx), href: count === 0 ? null : href }); // prettier-ignore
  return {
    title: t('dashboard:stack.title'),
    summary: t('dashboard:stack.summary', {
      count: days.length,
      total: formatNumber(total, ctx),
      most: formatNumber(most, ctx),
      day: formatDay(days[totals.indexOf(most)]?.day ?? '', ctx),
    }),
    isEmpty: total === 0,
    layers: [...layers].reverse(),
    pictures: total === 0 ? [] : Object.entries(SIZES).map(([name, size]) => picture(name, size)),
    table: days.map(({ day, categories }, i) => ({
      day: formatDay(day, ctx),
      total: figure(totals[i] ?? 0, hrefOf(day)),
      figures: categories.map((count, k) => figure(count, hrefOf(day, CATEGORIES[k]))).reverse(),
    })),
  };

  function picture(name: string, size: ChartSize): Picture {
    const drawing = drawStack(days.map(({ categories }) => categories), size); // prettier-ignore
    return {
      ...drawing,
      name,
      paths: drawing.layers.map((path, k) => ({ code: CATEGORIES[k] ?? '', path })),
      columns: drawing.columns.map((column, i) => {
        const day = days[i]?.day ?? '';
        const values = { day: formatDay(day, ctx), count: totals[i] ?? 0 };
        return { ...column, href: hrefOf(day), title: t('dashboard:stack.bar', values) };
      }),
      ticks: drawing.ticks.map(({ value, y }) => ({ text: formatNumber(value, ctx), y })),
      labels: drawing.labels.map(({ index, ...place }) => ({ ...place, text: formatShortDay(days[index]?.day ?? '', ctx) })), // prettier-ignore
    };
  }
}
