import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { CONFIG_KEYS, hidePassword, type Config } from '../config/config';
import { createDeps, type Deps } from '../deps';
import { checkEngine } from '../db/connection';
import { readDatabaseClock } from '../db/database-clock';
import { pendingMigrations, refuseNewerSchema } from '../db/migration-source';
import { checkMasterKey } from '../entries/ledger-setup';
import { isMasterKeyExposed, readMasterKey } from '../entries/master-key';
import { createMailTransport } from '../mail/transport';
import { anchorTroubles } from './anchor-lines';
import { bridgeSummary, bridgeTroubles } from './bridge-lines';
import { keyPlaceTrouble, lookAtChainKeys } from './key-checks';
import { findDurabilityFault, findMissingGuards } from './doctor-store';
import { lookAtVerifications } from './verification-checks';

export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
}

const MAX_CLOCK_DRIFT_MS = 60_000;
const TAIL = 1_000;
const LOW_DISK_BYTES = 1024 ** 3;

/** Every check, each by itself: one that fails does not hide the next, unless it needs it. */
export async function diagnose(config: Config, env: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  const findings: Finding[] = [configurationFinding(config, env)];
  if (config.smtpUrl !== undefined) findings.push(await run('mail', () => checkMail(config.smtpUrl)));
  findings.push(await run('disk', () => checkDisk(config.dataDir)));
  const key = await run('master key', () => Promise.resolve(checkKey(config)));
  findings.push(key);
  if (key.status === 'fail') return findings;
  findings.push(await run('key place', () => Promise.resolve(checkKeyPlace(config))));

  const deps = createDeps(config);
  try {
    const engine = await run('engine', async () => {
      const { name, version } = await checkEngine(deps.database);
      return `${name} ${version}: strict, utf8mb4, UTC, READ COMMITTED`.replace(
        /^(SQLite \S+):.*/,
        '$1: on the disk before an answer, UTF-8',
      );
    });
    findings.push(engine);
    if (engine.status === 'fail') return findings;
    const schema = await run('schema', () => checkSchema(deps));
    findings.push(schema);
    if (schema.status === 'fail') return findings;
    if (config.smtpUrl === undefined) findings.push(await run('mail', () => checkMail(undefined, deps)));
    findings.push(
      await run('key fits store', async () => (await checkMasterKey(deps), 'the store belongs to this master key')),
    );
    findings.push(await run('durability', () => checkDurability(deps)));
    findings.push(await run('guards', () => checkGuards(deps)));
    findings.push(await run('chain keys', () => checkChainKeys(deps)));
    findings.push(await run('clock', () => checkClock(deps)));
    findings.push(await run('bridges', () => checkBridges(deps)));
    findings.push(await run('queue', () => checkQueue(deps)));
    findings.push(await run('anchors', () => checkAnchors(deps)));
    findings.push(await run('checkpoints', () => checkCheckpoints(deps)));
    findings.push(await run('verification', () => checkVerifications(deps)));
    findings.push(await run('chain tail', () => checkTail(deps)));
    return findings;
  } finally {
    await deps.close();
  }
}

class Warning extends Error {
  override name = 'Warning';
}

async function run(check: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, status: 'ok', detail: await look() };
  } catch (error) {
    const message = (error as Error).message || String((error as { code?: string }).code ?? error);
    return { check, status: error instanceof Warning ? 'warn' : 'fail', detail: message.split('\n')[0] ?? '' };
  }
}

function configurationFinding(config: Config, env: Readonly<Record<string, string | undefined>>): Finding {
  const unknown = Object.keys(env).filter(
    (key) => key.startsWith('SEALTRAIL_') && !CONFIG_KEYS.includes(key) && !/^SEALTRAIL_(TEST|BRIDGE)_/.test(key),
  );
  if (unknown.length > 0)
    return { check: 'configuration', status: 'warn', detail: `not a setting of this version: ${unknown.join(', ')}` };
  return {
    check: 'configuration',
    status: 'ok',
    detail: `store ${hidePassword(config.databaseUrl)}, data folder ${config.dataDir}`,
  };
}

function checkKey(config: Config): string {
  readMasterKey(config.masterKeyFile);
  if (isMasterKeyExposed(config.masterKeyFile))
    throw new Warning(`${config.masterKeyFile} can be read by others: chmod 600`);
  return config.masterKeyFile;
}

function checkKeyPlace(config: Config): string {
  const trouble = keyPlaceTrouble(config);
  if (trouble !== undefined) throw new Warning(trouble);
  return 'not beside the store';
}

async function checkChainKeys(deps: Deps): Promise<string> {
  const { lines, troubles } = await lookAtChainKeys(deps);
  if (troubles.length > 0) throw new Warning(troubles.join('; '));
  return lines.join('; ');
}

async function checkSchema(deps: Deps): Promise<string> {
  await refuseNewerSchema(deps.database);
  const pending = await pendingMigrations(deps.database);
  if (pending.length > 0) throw new Error(`not up to date, run: sealtrail migrate (${pending.join(', ')})`);
  return 'up to date';
}

async function checkDurability({ database }: Deps): Promise<string> {
  const fault = await findDurabilityFault(database);
  if (fault !== undefined) throw new Warning(fault);
  return 'what is answered for is on the disk';
}

async function checkGuards({ database }: Deps): Promise<string> {
  const missing = await findMissingGuards(database);
  if (missing.length > 0)
    throw new Warning(
      `somebody has removed ${missing.join(' and ')}: the database no longer refuses changes of entries`,
    );
  return 'the database refuses changes of entries';
}

async function checkClock({ database, now }: Deps): Promise<string> {
  const drift = Math.round(Math.abs((await readDatabaseClock(database)) - now().getTime()));
  if (drift > MAX_CLOCK_DRIFT_MS) throw new Warning(`this machine and the database differ by ${drift} ms`);
  return `differs from the database by ${drift} ms`;
}

async function checkBridges({ bridgeWatch, now }: Deps): Promise<string> {
  const states = await bridgeWatch.states();
  if (states.length === 0) throw new Warning('none is paired: sealtrail bridge add --name billing');
  const at = now().getTime();
  const troubles = states.flatMap((state) => bridgeTroubles(state, at).map((trouble) => `${state.name}: ${trouble}`));
  if (troubles.length > 0) throw new Warning(troubles.join('; '));
  return states.map((state) => `${state.name}: ${bridgeSummary(state, at).join(', ')}`).join('; ');
}

async function checkQueue({ indexer, database }: Deps): Promise<string> {
  const behind = await indexer.countBehind();
  const [row] = await database.dialect.selectArrays(database.knex, 'SELECT COUNT(*) FROM quarantine', []);
  const text = `${behind} entries wait for the search index, ${Number(row?.[0] ?? 0)} items in quarantine`;
  if (Number(row?.[0] ?? 0) > 0) throw new Warning(text);
  return text;
}

/** Whether checkpoints are where we cannot reach them, and still as they went out. */
async function checkAnchors({ anchors, store, now }: Deps): Promise<string> {
  const parts: string[] = [];
  const troubles: string[] = [];
  for (const ledger of await store.listLedgers()) {
    const found = await anchors.status(ledger);
    if (found.length === 0) troubles.push(`${ledger.name}: no checkpoint goes outside: sealtrail anchor add`);
    troubles.push(
      ...found.flatMap((one) =>
        anchorTroubles(one, now().getTime()).map((trouble) => `${one.anchor.name}: ${trouble}`),
      ),
    );
    const { faults } = await anchors.readCopies(ledger);
    troubles.push(...faults.map(({ where, detail }) => `${where}: ${detail}`));
    const there = found.filter(({ taken }) => taken !== undefined).length;
    parts.push(`${ledger.name}: ${there} of ${found.length} hold a checkpoint`);
  }
  if (troubles.length > 0) throw new Warning([...new Set(troubles)].join('; '));
  return parts.join('; ');
}

async function checkCheckpoints({ store, checkpoints }: Deps): Promise<string> {
  const parts: string[] = [];
  for (const ledger of await store.listLedgers()) {
    const { state, stoppedDetail, latest, behind } = await checkpoints.status(ledger);
    if (state === 'stopped')
      throw new Error(
        `${ledger.name} signs none any more: ${stoppedDetail} If this is known and right: sealtrail checkpoint --new-origin --ledger ${ledger.name} --reason TEXT`,
      );
    const signed = latest ? `over ${latest.size}, ${new Date(latest.signedAt).toISOString()}` : 'none yet';
    parts.push(`${ledger.name}: ${signed}, ${behind} entries behind it`);
  }
  return parts.join('; ');
}

async function checkDisk(folder: string): Promise<string> {
  const { bavail, bsize } = await statfs(existsSync(folder) ? folder : '.');
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free < LOW_DISK_BYTES) throw new Warning(text);
  return text;
}

/** The server of the environment is asked even where the store cannot be; the one of the settings stands in the store. */
async function checkMail(url: string | undefined, deps?: Deps): Promise<string> {
  if (url !== undefined) {
    await createMailTransport(() => Promise.resolve({ route: { kind: 'url', url }, from: null })).verify();
    return 'the SMTP server answers';
  }
  if (!(await deps?.liveSettings.readShared())?.smtp)
    return 'no SMTP server is set; mail goes through the local sendmail';
  await deps?.mail.transport.verify();
  return 'the SMTP server of the settings answers';
}

async function checkVerifications(deps: Deps): Promise<string> {
  const { lines, troubles } = await lookAtVerifications(deps);
  if (troubles.length > 0) throw new Warning(troubles.join('; '));
  return lines.join('; ');
}

/** The newest entries of every ledger; `verify` checks all. */
async function checkTail({ store, verifier }: Deps): Promise<string> {
  const parts: string[] = [];
  for (const ledger of await store.listLedgers()) {
    const size = (await store.findHead(ledger))?.seq ?? 0;
    const { ledgers } = await verifier.verify({ ledger: ledger.name, fromSeq: Math.max(1, size - TAIL + 1) });
    const [report] = ledgers;
    const first = report?.broken[0];
    if (report?.verdict !== 'intact')
      throw new Error(
        `${ledger.name}: ${report?.verdict ?? 'cannot_tell'}${first ? ` at #${first.seq} (${first.kind}: ${first.detail})` : ''}`,
      );
    parts.push(`${ledger.name}: last ${report.scanned} of ${size} intact`);
  }
  if (parts.length === 0) throw new Error('there is no ledger: sealtrail init');
  return parts.join('; ');
}
