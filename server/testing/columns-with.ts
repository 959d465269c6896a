import type { Knex } from 'knex';
import type { Engine } from './test-database';

const SQLITE_COLUMNS = `SELECT m.name AS tableName, c.name AS columnName FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`;
const MYSQL_COLUMNS =
  'SELECT table_name AS tableName, column_name AS columnName FROM information_schema.columns WHERE table_schema = DATABASE()';

interface Column {
  readonly tableName: string;
  readonly columnName: string;
}

/** The columns of our store, `table.column`, in which a text occurs. */
export async function columnsWith(db: Knex, engine: Engine, text: string): Promise<string[]> {
  const isSqlite = engine === 'sqlite';
  const answer = await db.raw<Column[] | [Column[]]>(isSqlite ? SQLITE_COLUMNS : MYSQL_COLUMNS);
  const columns = (isSqlite ? answer : answer[0]) as Column[];
  if (columns.length < 60) throw new Error('the columns of the store were not found');
  const found: string[] = [];
  for (const { tableName, columnName } of columns) {
    const where = `CAST(?? AS ${isSqlite ? 'TEXT' : 'CHAR'}) LIKE ?`;
    const row: unknown = await db(tableName)
      .whereRaw(where, [columnName, `%${text}%`])
      .first();
    if (row) found.push(`${tableName}.${columnName}`);
  }
  return found;
}
