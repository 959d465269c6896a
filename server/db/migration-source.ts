import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Knex } from 'knex';
import { EngineError, type Database } from './connection';

// Not import(): that wants the ending, which differs between source and build.
const load = createRequire(__filename);

/** Migrations by name without ending, so that `.ts` in development and `.js` when built are the same migration. */
export function migrationSource(folder: string): Knex.MigrationSource<string> {
  return {
    getMigrations: () => Promise.resolve(migrationNames(folder)),
    getMigrationName: (name) => name,
    getMigration: (name) => Promise.resolve(load(path.join(folder, name)) as Knex.Migration),
  };
}

function migrationNames(folder: string): string[] {
  const names = readdirSync(folder)
    .filter((file) => /^\d{14}_\w+\.(ts|js)$/.test(file))
    .map((file) => file.replace(/\.(ts|js)$/, ''));
  return [...new Set(names)].sort();
}

/** From source `migrations/`, from a build `dist/migrations/`: beside this file's own tree. */
export const MIGRATIONS_FOLDER = path.join(__dirname, '..', '..', 'migrations');

export async function migrate(database: Database): Promise<readonly string[]> {
  await refuseNewerSchema(database);
  if ((await pendingMigrations(database)).length > 0) await refuseWithoutTriggers(database);
  const [, names] = (await database.knex.migrate.latest({ migrationSource: migrationSource(MIGRATIONS_FOLDER) })) as [
    number,
    string[],
  ];
  return names;
}

/**
 * Throws EngineError when we may not make triggers. MySQL cannot roll back a schema change, so that a migration which fails at
 * its triggers would leave half a schema behind.
 */
async function refuseWithoutTriggers({ knex: db, dialect }: Database): Promise<void> {
  if (dialect.name !== 'mysql') return;
  try {
    await db.raw('CREATE TABLE IF NOT EXISTS sealtrail_trigger_probe (id INTEGER)');
    await db.raw(
      'CREATE TRIGGER sealtrail_trigger_probe_guard BEFORE DELETE ON sealtrail_trigger_probe FOR EACH ROW SET @ignored = 1',
    );
  } catch (error) {
    const advice = 'Grant TRIGGER on the database, and with binary logging set log_bin_trust_function_creators = 1';
    throw new EngineError(`The database user may not make triggers (${(error as Error).message}). ${advice}.`, {
      cause: error,
    });
  } finally {
    await db.raw('DROP TABLE IF EXISTS sealtrail_trigger_probe');
  }
}

/** Throws EngineError when the store was made by a later version of the program: an older one could misread it. */
export async function refuseNewerSchema(database: Database): Promise<void> {
  if (!(await database.knex.schema.hasTable('knex_migrations'))) return;
  const known = new Set(migrationNames(MIGRATIONS_FOLDER));
  const done = await database.knex<{ name: string }>('knex_migrations').pluck<string[]>('name');
  const newer = done.filter((name) => !known.has(name));
  if (newer.length > 0)
    throw new EngineError(
      `The database schema is newer than this program (${newer.join(', ')}): install the version that made it, or a later one.`,
    );
}

/** Names of the migrations that `migrate` would still run. */
export async function pendingMigrations(database: Database): Promise<readonly string[]> {
  const done = (await database.knex.schema.hasTable('knex_migrations'))
    ? await database.knex('knex_migrations').pluck<string[]>('name')
    : [];
  return migrationNames(MIGRATIONS_FOLDER).filter((name) => !done.includes(name));
}
