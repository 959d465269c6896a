import type { Knex } from 'knex';

/**
 * The DELETE trigger of a server asked the table of prunes for every row that a prune deletes: two thirds of the deletion. What the
 * session of a prune has said beforehand answers for its rows; everybody else is asked for the row of a prune as before.
 */
export async function up(db: Knex): Promise<void> {
  await replaceTrigger(db, `NOT (${SAID}) AND NOT ${ALLOWED}`);
}

export async function down(db: Knex): Promise<void> {
  await replaceTrigger(db, `NOT ${ALLOWED}`);
}

async function replaceTrigger(db: Knex, condition: string): Promise<void> {
  if ((db.client as { config: { client: string } }).config.client !== 'mysql2') return;
  await db.raw('DROP TRIGGER entries_no_delete');
  await db.raw(
    `CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries FOR EACH ROW IF ${condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'entries are append-only'; END IF`,
  );
}

// Never NULL: without the variables the answer is no.
const SAID = `OLD.ledger_id <=> @sealtrail_prune_ledger AND OLD.seq >= COALESCE(@sealtrail_prune_from, OLD.seq + 1) AND OLD.seq <= COALESCE(@sealtrail_prune_to, OLD.seq - 1)`;
const ALLOWED = `EXISTS (SELECT 1 FROM prunes p WHERE p.ledger_id = OLD.ledger_id AND p.state = 'deleting' AND p.from_seq <= OLD.seq AND p.to_seq >= OLD.seq)`;
