import { loadD3 } from './load-d3';

/** A grid of cells as attributes of SVG elements; `level` (0 to 5) names the class that colours it. */
export interface HeatDrawing {
  readonly viewBox: string;
  readonly width: string;
  readonly height: string;
  readonly cells: readonly HeatCell[];
  readonly columns: readonly HeatLabel[];
  readonly rows: readonly HeatLabel[];
}

interface HeatCell {
  readonly row: number;
  readonly column: number;
  readonly level: number;
  readonly x: string;
  readonly y: string;
  readonly textX: string;
  readonly textY: string;
}

interface HeatLabel {
  readonly index: number;
  readonly x: string;
  readonly y: string;
}

const LEFT = 52;
const TOP = 20;
const LEVELS = [1, 2, 3, 4, 5] as const;

export interface HeatSize {
  readonly width: number;
  readonly cellHeight: number;
}

/** `values[row][column]`. Steps go by the square root, so that a single busy hour does not make all others look empty. */
export function drawHeat(values: readonly (readonly number[])[], { width, cellHeight }: HeatSize): HeatDrawing {
  const { scale } = loadD3();
  const columns = values[0]?.length ?? 0;
  const height = TOP + values.length * cellHeight;
  const x = scale.scaleBand<number>().domain(indexes(columns)).range([LEFT, width]).padding(0.06);
  const y = scale.scaleBand<number>().domain(indexes(values.length)).range([TOP, height]).padding(0.08);
  const most = Math.max(1, ...values.flat());
  const level = scale.scaleQuantize<number>().domain([0, Math.sqrt(most)]).range(LEVELS); // prettier-ignore
  const [across, down] = [(column: number) => x(column) ?? 0, (row: number) => y(row) ?? 0];
  return {
    viewBox: `0 0 ${width} ${height}`,
    width: round(x.bandwidth()),
    height: round(y.bandwidth()),
    cells: values.flatMap((row, r) =>
      row.map((value, c) => ({
        row: r,
        column: c,
        level: value === 0 ? 0 : level(Math.sqrt(value)),
        x: round(across(c)),
        y: round(down(r)),
        textX: round(across(c) + x.bandwidth() / 2),
        textY: round(down(r) + y.bandwidth() / 2 + 3.5),
      })),
    ),
    columns: indexes(columns).map((index) => ({
      index,
      x: round(across(index) + x.bandwidth() / 2),
      y: round(TOP - 6),
    })),
    rows: indexes(values.length).map((index) => ({ index, x: round(LEFT - 6), y: round(down(index) + y.bandwidth() / 2 + 4) })), // prettier-ignore
  };
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
