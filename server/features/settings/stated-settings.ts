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
   * Rows as they would stand there. Of a secret the chain knows the digest alone: its row is as it stands where it fits, and is not
   * there where it does not.
   */
  correct(rows: readonly SettingRow[]): SettingRow[];
  /** Whether a secret among them is not the one that was set: its row was changed, or is older than what the entries say by now. */
  hasMisfit(rows: readonly SettingRow[]): boolean;
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
  const isMisfit = ({ name, value }: SettingRow) => {
    const one = said.get(name);
    return one?.isSecret === true && one.after !== '' && hash('sha256', value) !== one.after;
  };
  return {
    add({ seq, receivedAt, actor, changes, payload }: LedgerFact) {
      const mark = { seq, at: Date.parse(receivedAt ?? ''), by: actor.id ?? '' };
      for (const one of readSettingStatements(changes, payload)) said.set(one.name, { ...one, ...mark });
    },
    hasMisfit: (rows) => rows.some(isMisfit),
    correct(rows) {
      const known = new Map(rows.map((row) => [row.name as string, row]));
      return [...said.values()].flatMap(({ name, after, isSecret, seq, at, by }) => {
        if (!isSettingName(name)) return [];
        const row = known.get(name) ?? { tenant_id: tenant.id, name, value: '', seq, changed_at: at, changed_by: by };
        if (!isSecret || after === '') return [{ ...row, value: after }];
        return isMisfit(row) ? [] : [row];
      });
    },
  };
}
