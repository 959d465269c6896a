import { randomBytes } from 'node:crypto';
import type { Database } from '../../db/connection';
import type { KeyRing } from '../../entries/key-ring';

const NAME = 'ip_salt';

/** The salt of this installation for hashed addresses, as hex digits: made once, kept wrapped by the master key. */
export interface IpSalt {
  /** Undefined while no address was ever hashed here. Throws where the stored one does not open. */
  find(): Promise<string | undefined>;
  /** Throws where the stored one does not open: another in its place would part the addresses before from those after. */
  read(): Promise<string>;
}

export function createIpSalt({
  database,
  keyRing,
}: {
  readonly database: Database;
  readonly keyRing: KeyRing;
}): IpSalt {
  const { knex: db, dialect } = database;
  let known: string | undefined;
  return {
    async find() {
      known ??= await findStored();
      return known;
    },
    async read() {
      known ??= (await findStored()) ?? (await make());
      return known;
    },
  };

  async function findStored(): Promise<string | undefined> {
    const row = await db<{ name: string; value: string }>('installation').where({ name: NAME }).first();
    if (!row) return undefined;
    const salt = keyRing.unwrapSecret(row.value, NAME);
    if (!salt) throw new Error('the salt for hashed addresses does not open with this master key');
    return salt.toString('hex');
  }

  /** Two processes may come here at once: the salt of the first is everybody's. */
  async function make(): Promise<string> {
    const wrapped = keyRing.wrapSecret(randomBytes(32), NAME);
    await dialect.insertRows(db, 'installation', ['name', 'value'], [[NAME, wrapped]], { onConflict: 'ignore' });
    const salt = await findStored();
    if (salt === undefined) throw new Error('the salt for hashed addresses could not be stored');
    return salt;
  }
}
