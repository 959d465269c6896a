import { knexConfig } from './server/db/connection';
import { readConfig } from './server/config/config';
import { migrationSource, MIGRATIONS_FOLDER } from './server/db/migration-source';

/** For knex's own command line (`tsx node_modules/.bin/knex migrate:status`); the program itself uses `sealtrail migrate`. */
export default {
  ...knexConfig(readConfig(process.env).databaseUrl),
  migrations: { migrationSource: migrationSource(MIGRATIONS_FOLDER) },
};
