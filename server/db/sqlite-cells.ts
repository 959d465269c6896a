import { randomBytes } from 'node:crypto';

/** The parts of better-sqlite3 that are used here. */
interface Column {
  readonly name: string;
  /** As declared; null for an expression. */
  readonly type: string | null;
}

interface Statement {
  readonly reader: boolean;
  columns(): readonly Column[];
  raw(): Statement;
  all(...values: readonly unknown[]): unknown[];
}

export interface PreparingConnection {
  prepare(sql: string): Statement;
}

type Row = Record<number | string, unknown>;

/** Begins what no text in a store can be: nobody knew it when the cell was written. */
const STRANGE = `no text (${randomBytes(8).toString('hex')}) `;

/**
 * A column of SQLite takes values of every class, whatever type it was declared with (https://sqlite.org/datatype3.html, section 3): bytes
 * in a text column look like that text to who reads them and are never found by it. What is not of its column's type is therefore read
 * as what no such column can hold, a text that equals none or NaN, so that who compares it finds that it was changed.
 */
export function readAsDeclared(connection: PreparingConnection): void {
  const prepare = connection.prepare.bind(connection);
  connection.prepare = (sql) => {
    const statement = prepare(sql);
    if (statement.reader) watch(statement);
    return statement;
  };
}

function watch(statement: Statement): void {
  const all = statement.all.bind(statement);
  const raw = statement.raw.bind(statement);
  let isRaw = false;
  const columns = statement.columns();
  const places = columns.map(({ name, type }, at) => ({ at, name, affinity: affinityOf(type) }));
  const texts = places.filter(({ affinity }) => affinity === 'text');
  const integers = places.filter(({ affinity }) => affinity === 'integer');
  statement.raw = () => {
    isRaw = true;
    return raw();
  };
  statement.all = (...values) => {
    const rows = all(...values) as Row[];
    const keyOf = ({ at, name }: (typeof places)[number]) => (isRaw ? at : name);
    const [textKeys, integerKeys] = [texts.map(keyOf), integers.map(keyOf)];
    for (const row of rows) {
      for (const key of textKeys) if (typeof row[key] !== 'string' && row[key] !== null) row[key] = strange(row[key]);
      for (const key of integerKeys) if (typeof row[key] !== 'number' && row[key] !== null) row[key] = Number.NaN;
    }
    return rows;
  };
}

/** By the names of types that we use (https://sqlite.org/datatype3.html, section 3.1). */
function affinityOf(type: string | null): 'text' | 'integer' | undefined {
  if (type === null) return undefined;
  if (/int/i.test(type)) return 'integer';
  return /char|clob|text/i.test(type) ? 'text' : undefined;
}

function strange(cell: unknown): string {
  return `${STRANGE}${Buffer.isBuffer(cell) ? cell.toString('hex') : String(cell)}`;
}
