import { hash } from 'node:crypto';
import { readSettingStatements, SETTINGS_ACTION, type SettingStatement } from '../../core/settings-statement';
import type { Ledger } from '../../entries/entry-store';
import { foldFacts, type Fold, type ReadFold } from '../../entries/fact-fold';
import type { LedgerFact, LedgerFacts } from '../../entries/ledger-facts';
import type { SettingRow } from './setting-store';
import { isSettingName } from './settings';

/** The settings of a ledger's tenant, as its entries say: who writes the table could else have alarms go nowhere. */
export interface StatedSettings {
  /**
   * Rows of any tenants as those of this one would stand there. Of a secret the chain knows the digest alone: its row is as it
   * stands where it fits, and is not there where it does not.
   */
  correct(rows: readonly SettingRow[]): SettingRow[];
  /** Whether each secret that was set is among them: its row may have been changed, or read before it was set. */
  hasSecrets(rows: readonly SettingRow[]): boolean;
}

interface Stated extends SettingStatement {
  readonly seq: number;
  /** Milliseconds. */
  readonly at: number;
  /** Empty where nobody was signed in. */
  readonly by: string;
}

export type ReadStatedSettings = ReadFold<StatedSettings>;

export function createStatedSettings(readFacts: LedgerFacts['read']): ReadStatedSettings {
  return foldFacts(readFacts, [SETTINGS_ACTION], createFold);
}

function createFold({ tenant }: Ledger): StatedSettings & Fold {
  const said = new Map<string, Stated>();
  const isSet = ({ isSecret, after }: Stated) => isSecret && after !== '';
  const byName = (rows: readonly SettingRow[]) =>
    new Map(rows.filter((row) => row.tenant_id === tenant.id).map((row) => [row.name as string, row]));
  const fits = (row: SettingRow | undefined, { after }: Stated) => row !== undefined && hash('sha256', row.value) === after; // prettier-ignore
  return {
    add({ seq, receivedAt, actor, changes, payload }: LedgerFact) {
      const mark = { seq, at: Date.parse(receivedAt ?? ''), by: actor.id ?? '' };
      for (const one of readSettingStatements(changes, payload)) said.set(one.name, { ...one, ...mark });
    },
    hasSecrets(rows) {
      const known = byName(rows);
      return [...said.values()].every((one) => !isSet(one) || fits(known.get(one.name), one));
    },
    correct(rows) {
      const known = byName(rows);
      return [...said.values()].flatMap((one) => {
        const { name, after, seq, at, by } = one;
        const row = known.get(name);
        if (isSet(one)) return row && fits(row, one) ? [row] : [];
        if (!isSettingName(name)) return [];
        return [{ ...(row ?? { tenant_id: tenant.id, name, seq, changed_at: at, changed_by: by }), value: after }];
      });
    },
  };
}
