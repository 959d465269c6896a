import { loadD3 } from './load-d3';

/** Everything of a stacked bar chart as attributes of SVG elements; colours are classes of the style sheet. */
export interface StackDrawing {
  readonly viewBox: string;
  /** One path a layer, in the order of the layers; '' for a layer without anything. */
  readonly layers: readonly string[];
  /** The full height above each bar, to be pointed at. */
  readonly columns: readonly { readonly x: string; readonly y: string; readonly width: string; readonly height: string }[]; // prettier-ignore
  readonly ticks: readonly { readonly value: number; readonly y: string }[];
  /** Which bars have a label below, and where. */
  readonly labels: readonly {
    readonly index: number;
    readonly x: string;
    readonly y: string;
    readonly anchor: string;
  }[];
  readonly plot: { readonly left: string; readonly right: string };
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
  readonly labels: number;
}

const MARGIN = { top: 10, right: 4, bottom: 24, left: 44 };

/** `bars[i][k]` is what bar i has of layer k. */
export function drawStack(bars: readonly (readonly number[])[], size: ChartSize): StackDrawing {
  const { scale, shape } = loadD3();
  const keys = (bars[0] ?? []).map((_, k) => k);
  const totals = bars.map((bar) => bar.reduce((sum, value) => sum + value, 0));
  const bottom = size.height - MARGIN.bottom;
  const x = scale.scaleBand<number>().domain(bars.map((_, i) => i)).range([MARGIN.left, size.width - MARGIN.right]).paddingInner(0.2); // prettier-ignore
  const y = scale.scaleLinear().domain([0, Math.max(1, ...totals)]).nice(4).range([bottom, MARGIN.top]); // prettier-ignore
  const series = shape.stack<readonly number[], number>().keys(keys).value((bar, k) => bar[k] ?? 0)(bars); // prettier-ignore
  const width = x.bandwidth();
  const layers = series.map((layer) =>
    layer
      .map(([from, to], i) =>
        to > from ? `M${round(x(i))} ${round(y(from))}h${round(width)}V${round(y(to))}h${round(-width)}z` : '',
      ) // prettier-ignore
      .join(''),
  );
  const step = Math.max(1, Math.ceil(bars.length / size.labels));
  return {
    viewBox: `0 0 ${size.width} ${size.height}`,
    layers,
    columns: bars.map((_, i) => ({ x: round(x(i)), y: String(MARGIN.top), width: round(width), height: round(bottom - MARGIN.top) })), // prettier-ignore
    ticks: y
      .ticks(4)
      .filter(Number.isInteger)
      .map((value) => ({ value, y: round(y(value)) })),
    // From the last bar back: today has its label in any case.
    labels: bars.flatMap((_, i) => {
      if ((bars.length - 1 - i) % step !== 0) return [];
      const isLast = i === bars.length - 1;
      return { index: i, x: round((x(i) ?? 0) + (isLast ? width : width / 2)), y: round(bottom + 16), anchor: isLast ? 'end' : 'middle' }; // prettier-ignore
    }),
    plot: { left: round(MARGIN.left), right: round(size.width - MARGIN.right) },
  };
}

function round(value: number | undefined): string {
  return String(Math.round((value ?? 0) * 10) / 10);
}
