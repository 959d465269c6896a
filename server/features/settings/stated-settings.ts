import { hash } from 'node:crypto';
import { readSettingStatements, SETTINGS_ACTION, type SettingStatement } from '../../core/settings-statement';
import type { Ledger } from '../../entries/entry-store';
import { foldFacts, type Fold } from '../../entries/fact-fold';
import type { LedgerFact, LedgerFacts } from '../../entries/ledger-facts';
import type { SettingRow } from './setting-store';
import { isSettingName } from './settings';

/** The settings of a ledger's tenant, as its entries say: who writes the table could else have alarms go nowhere. */
export interface StatedSettings {
  /**
   * Rows as they would stand there. Of a secret the chain knows the digest alone: its row is as it stands where it fits, and is not
   * there where it does not.
   */
  correct(rows: readonly SettingRow[]): SettingRow[];
}

export type ReadStatedSettings = (ledger: Ledger) => Promise<StatedSettings>;

export function createStatedSettings(readFacts: LedgerFacts['read']): ReadStatedSettings {
  return foldFacts(readFacts, [SETTINGS_ACTION], createFold);
}

function createFold({ tenant }: Ledger): StatedSettings & Fold {
  const said = new Map<string, SettingStatement>();
  return {
    add({ changes, payload }: LedgerFact) {
      for (const one of readSettingStatements(changes, payload)) said.set(one.name, one);
    },
    correct(rows) {
      const known = new Map(rows.map((row) => [row.name as string, row]));
      return [...said.values()].flatMap(({ name, after, isSecret }) => {
        const row = known.get(name);
        if (isSecret && after !== '') return row && hash('sha256', row.value) === after ? [row] : [];
        const unmarked = { tenant_id: tenant.id, name, seq: 0, changed_at: 0, changed_by: '' };
        return isSettingName(name) ? [{ ...unmarked, ...row, name, value: after }] : [];
      });
    },
  };
}
