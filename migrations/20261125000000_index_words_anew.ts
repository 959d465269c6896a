import type { Knex } from 'knex';

/**
 * The index of the search is filled again, behind the commits: addresses and names of people lay among the words that begin as
 * the names of their fields do, so that a search for `ip` found every entry with an address.
 */
export async function up(db: Knex): Promise<void> {
  for (const table of ['entry_words', 'fresh_words', 'entry_blocks', 'entry_sets']) await db(table).truncate();
  await db('consumers').where({ name: 'words' }).delete();
}

/** An earlier program fills it again as well, in its own way. */
export async function down(db: Knex): Promise<void> {
  await up(db);
}
