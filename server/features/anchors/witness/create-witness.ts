import path from 'node:path';
import { isKeyName } from '../../../core/note-key';
import type { RowMac } from '../../../core/row-mac';
import type { Database } from '../../../db/connection';
import type { OwnEvents } from '../../capture/own-events-service';
import { createWitnessLogStore } from './witness-log-store';
import { createWitnessMemory } from './witness-memory';
import { createWitnessService, type WitnessService } from './witness-service';

/** This installation as a witness for others. */
export interface WitnessDoor {
  /**
   * Made with its name on first use; from then on another name is refused, because logs know the witness by name and key. Throws
   * RangeError.
   */
  open(name?: string): Promise<WitnessService>;
}

interface WitnessDoorDeps {
  readonly database: Database;
  /** Of the rows of witnessed logs. */
  readonly rowMac: RowMac;
  /** Of the signing key that goes with a name; derived from the master key. */
  readonly seedOf: (name: string) => Buffer;
  readonly ownEvents: OwnEvents;
  readonly defaultTenant: string;
  readonly dataDir: string;
  readonly newId: () => string;
  readonly now: () => Date;
}

const NAME = 'witness_name';
const FILE = 'witness.jsonl';

export function createWitness(deps: WitnessDoorDeps): WitnessDoor {
  const { database, ownEvents, now } = deps;
  const settings = () => database.knex<{ name: string; value: string }>('installation');

  async function nameOf(asked: string | undefined): Promise<string> {
    if (asked !== undefined && (!isKeyName(asked) || asked.length > 200))
      throw new RangeError('the name of a witness has no spaces and no plus signs, and at most 200 characters');
    const fresh = asked ?? `sealtrail-witness/${deps.newId()}`;
    await database.dialect.insertRows(database.knex, 'installation', ['name', 'value'], [[NAME, fresh]], {
      onConflict: 'ignore',
    });
    const { value } = (await settings().where({ name: NAME }).first()) ?? { value: fresh };
    if (asked !== undefined && asked !== value) throw new RangeError(`this witness is called ${value} already`);
    return value;
  }

  return {
    async open(asked) {
      const name = await nameOf(asked);
      return createWitnessService({
        signer: { name, seed: deps.seedOf(name) },
        logs: createWitnessLogStore(database, deps.rowMac),
        memory: createWitnessMemory(path.join(deps.dataDir, FILE)),
        now,
        async onContradiction({ checkpoint }, log) {
          const { origin, size } = checkpoint;
          const root = checkpoint.root.toString('hex');
          await ownEvents.record(deps.defaultTenant, {
            action: 'audit.checkpoint_refused',
            targetId: origin,
            payload: { origin, size, root, signed_size: log.size, signed_root: log.root, witness: name },
            once: `${name} ${origin} ${size} ${root}`,
          });
        },
      });
    },
  };
}
