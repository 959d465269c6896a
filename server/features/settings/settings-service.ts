import { hash } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { Actor, Change, Via } from '../../core/event';
import { ownEvent } from '../../core/own-event';
import { REDACTED, REDACTED_CHANGED } from '../../core/redact';
import { SETTINGS_ACTION } from '../../core/settings-statement';
import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { LedgerFacts } from '../../entries/ledger-facts';
import { DEFAULT_TENANT } from '../../entries/ledger-setup';
import { sealOwnEvent } from '../../entries/seal-own-event';
import { createSettingStore, type SettingRow } from './setting-store';
import { createStatedSettings, type StatedSettings } from './stated-settings';
import {
  defaultTexts,
  definitionOf,
  findMisfits,
  parseSetting,
  SETTING_NAMES,
  toSettings,
  type SettingName,
  type SettingProblem,
  type Settings,
  type SettingTexts,
} from './settings';

export type { SettingName, Settings } from './settings';

/** Somebody who changes settings, as actor and by name. */
export interface ChangedBy {
  readonly actor?: Actor;
  readonly name: string;
  readonly via: Via;
}

/** Who set a value, when (milliseconds), and in which entry. */
export interface SettingMark {
  readonly by: string;
  readonly at: number;
  readonly seq: number;
}

/** Everything that the pages show of a tenant's settings. */
export interface SettingsView {
  /** The values as texts; of a secret, REDACTED where there is one. */
  readonly texts: SettingTexts;
  readonly marks: Partial<Record<SettingName, SettingMark>>;
  /** Goes up with every change: a form carries it, so that nobody overwrites what they have not seen. */
  readonly version: number;
  /** Names that this tenant may not set: they hold for the whole installation. */
  readonly foreign: ReadonlySet<SettingName>;
}

/** Some of the values are none; nothing was changed. */
export class InvalidSettingsError extends Error {
  override name = 'InvalidSettingsError';
  readonly problems: Partial<Record<SettingName, SettingProblem>>;
  constructor(problems: Partial<Record<SettingName, SettingProblem>>) {
    super(Object.entries(problems).map(([name, problem]) => `${name}: ${problem}`).join(', ')); // prettier-ignore
    this.problems = problems;
  }
}

/** Somebody else changed some of the same values since they were read; nothing was changed. */
export class StaleSettingsError extends Error {
  override name = 'StaleSettingsError';
  readonly names: readonly SettingName[];
  constructor(names: readonly SettingName[]) {
    super(`changed by somebody else meanwhile: ${names.join(', ')}`);
    this.names = names;
  }
}

export interface SettingsService {
  read(tenantId: number): Promise<Settings>;
  view(tenantId: number): Promise<SettingsView>;
  /** The password for the mail server set here; undefined without one. */
  readSmtpPassword(): Promise<string | undefined>;
  /**
   * Sets texts as `parseSetting` takes them, with ONE entry that states every value that became another one, before and after;
   * no entry where none did. Table and entry are committed together. `version` refuses a change of what others changed since.
   * Throws InvalidSettingsError, StaleSettingsError. Returns the names that changed.
   */
  change(
    tenant: string,
    patch: Partial<Record<SettingName, string>>,
    by: ChangedBy,
    options?: { readonly version?: number },
  ): Promise<readonly SettingName[]>;
}

interface SettingsDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  /** What the chain of a ledger says, and whether it still fits its seal. */
  readonly readFacts: LedgerFacts['read'];
  /** Told after each commit that moved a head. */
  readonly onCommit: (ledger: string, seq: number, hash: string) => void;
  readonly now: () => Date;
}

export function createSettingsService(deps: SettingsDeps): SettingsService {
  const { database, store, keyRing, onCommit, now } = deps;
  const readStated = createStatedSettings(deps.readFacts);
  const settings = createSettingStore(database);
  let sharedTenantId: number | undefined;

  async function findSharedTenant(): Promise<number> {
    sharedTenantId ??= (await store.findLedger(DEFAULT_TENANT))?.tenant.id;
    if (sharedTenantId === undefined) throw new Error('there is no ledger yet: sealtrail init');
    return sharedTenantId;
  }

  /** The ledgers whose settings hold for a tenant: its own, and that of the whole installation. */
  async function ledgersFor(tenantId: number): Promise<Ledger[]> {
    const tenants = [...new Set([tenantId, await findSharedTenant()])];
    return (await Promise.all(tenants.map((one) => store.listLedgers(one)))).flat();
  }

  /** Of the rows of such ledgers, those that hold for a tenant. */
  async function onlyFor(tenantId: number, rows: readonly SettingRow[]): Promise<SettingRow[]> {
    const shared = await findSharedTenant();
    return rows.filter((row) => row.tenant_id === (definitionOf(row.name).isShared ? shared : tenantId));
  }

  /**
   * What was set, as the entries say, and what the table says, which is the same where nobody wrote it past us. In a transaction
   * both are of one moment.
   */
  async function readRows(tenantId: number, ledgers: readonly Ledger[], trx?: Knex) {
    const tenants = ledgers.map(({ tenant }) => tenant.id);
    let table = await settings.list(tenants, trx);
    const stated: StatedSettings[] = [];
    for (const ledger of ledgers) stated.push(await readStated(ledger, trx));
    // A secret may have been set between the two readings.
    if (!trx && !stated.every((one) => one.hasSecrets(table))) table = await settings.list(tenants);
    const rows = stated.flatMap((one) => one.correct(table));
    return { rows: await onlyFor(tenantId, rows), inTable: textsOf(await onlyFor(tenantId, table)) };
  }

  async function rowsFor(tenantId: number): Promise<SettingRow[]> {
    return (await readRows(tenantId, await ledgersFor(tenantId))).rows;
  }

  return {
    async read(tenantId) {
      return toSettings(textsOf(await rowsFor(tenantId)));
    },

    async view(tenantId) {
      const rows = await rowsFor(tenantId);
      const isOwner = tenantId === (await findSharedTenant());
      const texts = textsOf(rows);
      for (const name of SETTING_NAMES) if (definitionOf(name).isSecret && texts[name] !== '') texts[name] = REDACTED;
      return {
        texts,
        marks: Object.fromEntries(rows.map((row) => [row.name, { by: row.changed_by, at: row.changed_at, seq: row.seq }])), // prettier-ignore
        version: versionOf(rows.filter((row) => row.tenant_id === tenantId)),
        foreign: new Set(isOwner ? [] : SETTING_NAMES.filter((name) => definitionOf(name).isShared)),
      };
    },

    async readSmtpPassword() {
      const rows = await rowsFor(await findSharedTenant());
      const wrapped = rows.find((row) => row.name === 'smtp_password')?.value ?? '';
      if (wrapped === '') return undefined;
      const secret = keyRing.unwrapSecret(wrapped, contextOf('smtp_password'));
      if (!secret) throw new Error('the password of the mail server does not open with this master key: set it again');
      return secret.toString('utf8');
    },

    async change(tenant, patch, by, { version } = {}) {
      const ledger = await store.findLedger(tenant);
      if (!ledger) throw new Error(`there is no ledger for tenant ${tenant}`);
      const isOwner = ledger.tenant.id === (await findSharedTenant());
      const given = parseAll(patch, isOwner);
      const ledgers = await ledgersFor(ledger.tenant.id);
      // Read before the transaction, so that no more is left to read within it than was said meanwhile.
      for (const one of ledgers) await readStated(one);
      const changed = await store.withHead(ledger, async (locked) => {
        const { rows, inTable } = await readRows(ledger.tenant.id, ledgers, locked.trx);
        const before = textsOf(rows);
        const after = { ...before, ...wrapSecrets(given, before) };
        refuseMisfits(findMisfits(after), given);
        const changes = SETTING_NAMES.filter((name) => name in given).flatMap((name) => {
          // Where the table alone says something else, that is what becomes another value.
          const replaced = [before[name], inTable[name]].find((text) => text !== after[name]);
          return replaced === undefined ? [] : [{ name, replaced }];
        });
        const names = changes.map(({ name }) => name);
        if (names.length === 0) return undefined;
        const newer = rows.filter((row) => version !== undefined && row.seq > version && names.includes(row.name));
        if (newer.length > 0) throw new StaleSettingsError(newer.map((row) => row.name));
        const [result] = await locked.append([entryAbout(ledger, changes, after, by)]);
        const receipt = result?.receipts[0];
        if (!receipt) throw new Error('an entry about settings got no place');
        const mark = { seq: receipt.seq, changed_at: now().getTime(), changed_by: by.name.slice(0, 191) };
        await settings.put(
          names.map((name) => ({ tenant_id: ledger.tenant.id, name, value: after[name], ...mark })),
          locked.trx,
        );
        return { names, receipt };
      });
      if (changed) onCommit(ledger.name, changed.receipt.seq, changed.receipt.hash);
      return changed?.names ?? [];
    },
  };

  /** A secret that is typed again is the same one: it keeps its wrapping, and makes no entry. */
  function wrapSecrets(given: Partial<Record<SettingName, string>>, before: SettingTexts) {
    return Object.fromEntries(
      (Object.entries(given) as [SettingName, string][]).map(([name, text]) => {
        if (!definitionOf(name).isSecret || text === '') return [name, text];
        const known = keyRing.unwrapSecret(before[name], contextOf(name))?.toString('utf8');
        return [name, known === text ? before[name] : keyRing.wrapSecret(Buffer.from(text, 'utf8'), contextOf(name))];
      }),
    );
  }

  function entryAbout(
    ledger: Ledger,
    changes: readonly { readonly name: SettingName; readonly replaced: string }[],
    after: SettingTexts,
    by: ChangedBy,
  ) {
    const names = changes.map(({ name }) => name);
    const secrets = names.filter((name) => definitionOf(name).isSecret);
    return sealOwnEvent(
      ownEvent({
        id: uuidv7(),
        action: SETTINGS_ACTION,
        at: now().toISOString(),
        ...(by.actor === undefined ? {} : { actor: by.actor }),
        targetId: names.length === 1 ? (names[0] as string) : null,
        // What is wrapped says nothing to who reads its digest, and yet shows whether it is still what was set.
        payload: { settings: names.join(', '), ...(secrets.length === 0 ? {} : { sealed: digestsOf(secrets, after) }) },
        changes: changes.map(({ name, replaced }) => changeOf(name, replaced, after[name])),
        via: by.via,
      }),
      ledger,
    );
  }
}

function contextOf(name: SettingName): string {
  return `setting ${name}`;
}

/** What somebody wrote into the table past us and is no value at all counts as not set; a verification tells of it. */
function textsOf(rows: readonly SettingRow[]): Record<SettingName, string> {
  const sound = rows.filter(({ name, value }) => definitionOf(name).isSecret || parseSetting(name, value).ok);
  return { ...defaultTexts(), ...Object.fromEntries(sound.map((row) => [row.name, row.value])) };
}

function versionOf(rows: readonly SettingRow[]): number {
  return Math.max(0, ...rows.map((row) => row.seq));
}

function parseAll(patch: Partial<Record<SettingName, string>>, isOwner: boolean): Partial<Record<SettingName, string>> {
  const values: Partial<Record<SettingName, string>> = {};
  const problems: Partial<Record<SettingName, SettingProblem>> = {};
  for (const [name, typed] of Object.entries(patch) as [SettingName, string][]) {
    const parsed = definitionOf(name).isShared && !isOwner ? ({ ok: false, problem: 'not_here' } as const) : parseSetting(name, typed); // prettier-ignore
    if (parsed.ok) values[name] = parsed.value;
    else problems[name] = parsed.problem;
  }
  if (Object.keys(problems).length > 0) throw new InvalidSettingsError(problems);
  return values;
}

/** Only where one of the two is being changed: what was set past us must not keep everything else from being set. */
function refuseMisfits(misfits: ReturnType<typeof findMisfits>, given: Partial<Record<SettingName, string>>): void {
  const involved = Object.entries(misfits).filter(([name]) =>
    name === 'language'
      ? 'language' in given || 'languages' in given
      : 'smtp_account' in given || 'smtp_password' in given,
  );
  if (involved.length > 0) throw new InvalidSettingsError(Object.fromEntries(involved));
}

function changeOf(name: SettingName, before: string, after: string): Change {
  if (!definitionOf(name).isSecret) return { field: name, before, after };
  return {
    field: name,
    before: before === '' ? '' : REDACTED,
    after: after === '' ? '' : before === '' ? REDACTED : REDACTED_CHANGED,
  };
}

function digestsOf(names: readonly SettingName[], texts: SettingTexts): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, hash('sha256', texts[name])]));
}
