import { parseRecord, type SealedRecord } from '../../../core/sealed-record';
import type { Break } from '../../../core/verify';
import type { Database } from '../../../db/connection';
import { readSnapshot } from '../../../db/snapshot';
import type { Ledger } from '../../../entries/entry-store';
import { ROTATION_MS } from '../../access/bridge-service';
import { projectionBreak } from './projection-break';

type Kind = 'bridge' | 'token';

/** A bridge or a token as it stands in its table. Times are milliseconds since 1970. */
interface CredentialRow {
  readonly kind: Kind;
  readonly tenantId: number;
  readonly name: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly rotatedAt: number | null;
  readonly scopes: string | null;
}

/** What entries say of one, all that are still there. Undefined: none of them says it. */
interface Told {
  readonly kind: Kind;
  /** The latest entry about it. */
  readonly seq: number;
  readonly name?: string | undefined;
  readonly madeAt?: number | undefined;
  readonly revokedAt?: number | undefined;
  readonly rotatedAt?: number | null | undefined;
  readonly scopes?: string | undefined;
}

const KIND_OF: Readonly<Record<string, Kind>> = { 'audit.bridge_added': 'bridge', 'audit.bridge_revoked': 'bridge', 'audit.token_created': 'token', 'audit.token_revoked': 'token' }; // prettier-ignore
/** A row and its entry read the clock one after the other. */
const APART_MS = 60_000;

/**
 * Compares bridges and API tokens with the entries that tell how they were made, given another secret and revoked: both are
 * committed together. Who writes the database could else give a revoked one back, shut one, hand it to another tenant, widen its
 * scopes, let an older secret live on or show one that nobody made.
 */
export async function checkCredentials(database: Database, ledger: Ledger): Promise<Break[]> {
  const { rows, told } = await readSnapshot(database, async (trx) => {
    const select = (sql: string, bindings: readonly (string | number)[] = []) =>
      database.dialect.selectArrays(trx, sql, bindings);
    const bridges = await select('SELECT id, tenant_id, name, created_at, revoked_at, rotated_at, NULL FROM bridges');
    const tokens = await select('SELECT id, tenant_id, name, created_at, revoked_at, NULL, scopes FROM api_tokens');
    const actions = Object.keys(KIND_OF);
    const entries = await select(
      `SELECT e.seq, e.record, v.subject_body FROM entries e ${database.dialect.useIndex('entries_action')} LEFT JOIN entry_values v ON v.ledger_id = e.ledger_id AND v.seq = e.seq WHERE e.ledger_id = ? AND e.action IN (${actions.map(() => '?').join(',')}) ORDER BY e.seq`,
      [ledger.id, ...actions],
    );
    return {
      rows: new Map([
        ...bridges.map((cells) => [String(cells[0]), rowFrom('bridge', cells)] as const),
        ...tokens.map((cells) => [String(cells[0]), rowFrom('token', cells)] as const),
      ]),
      told: fold(entries),
    };
  });

  const breaks: Break[] = [];
  for (const [id, one] of told) {
    const name = `the ${one.kind} ${id}`;
    const row = rows.get(id);
    if (row) for (const what of differences(row, one, ledger)) breaks.push(projectionBreak(one.seq, `${name} ${what}`));
    else breaks.push(projectionBreak(one.seq, `${name} is gone, and an entry says that it was made`));
  }
  for (const [id, row] of rows)
    if (row.tenantId === ledger.tenant.id && !told.has(id))
      breaks.push(projectionBreak(0, `the ${row.kind} ${id} stands there, and no entry says that it was made`));
  return breaks;
}

function differences(row: CredentialRow, told: Told, ledger: Ledger): string[] {
  const isApart = (at: number, said: number) => Math.abs(at - said) > APART_MS;
  const said: string[] = [];
  if (row.tenantId !== ledger.tenant.id) said.push('belongs to another tenant than the entry about it');
  if (told.name !== undefined && row.name !== told.name) said.push('has another name than the entry about it says');
  if (told.madeAt !== undefined && isApart(row.createdAt, told.madeAt)) said.push('was made at another time than the entry about it says'); // prettier-ignore
  if (told.scopes !== undefined && row.scopes !== told.scopes) said.push('may do other things than the entry about it says'); // prettier-ignore
  if (told.revokedAt === undefined) {
    if (row.revokedAt !== null) said.push('is revoked, and no entry says so');
  } else if (row.revokedAt === null) said.push('is active, and an entry says that it was revoked');
  else if (isApart(row.revokedAt, told.revokedAt)) said.push('was revoked at another time than the entry about it says'); // prettier-ignore
  if (row.rotatedAt !== (told.rotatedAt ?? null)) said.push('has its secrets replaced otherwise than the entries about it say'); // prettier-ignore
  return said;
}

function fold(entries: readonly (readonly unknown[])[]): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const [seq, text, values] of entries) {
    const record = parseRecord(String(text));
    const kind = KIND_OF[record?.action ?? ''];
    // What a bridge sends under such a name says nothing.
    if (record?.source.kind !== 'own' || kind === undefined) continue;
    const id = record.target.id ?? '';
    const name = labelIn(values);
    told.set(id, {
      ...told.get(id),
      kind,
      seq: Number(seq),
      ...(name === undefined ? {} : { name }),
      ...statementIn(record, record.source.payload),
    });
  }
  return told;
}

function statementIn(
  { action, occurred_at: time }: SealedRecord,
  payload: Readonly<Record<string, unknown>>,
): Partial<Told> {
  const at = Date.parse(time);
  if (action.endsWith('_revoked')) return { revokedAt: at };
  if (payload['rotation'] === 'begun') return { rotatedAt: Date.parse(String(payload['older_secret_ends_at'])) - ROTATION_MS }; // prettier-ignore
  if (payload['rotation'] === 'finished') return { rotatedAt: null };
  return action === 'audit.token_created' ? { madeAt: at, scopes: String(payload['scopes']) } : { madeAt: at };
}

/** Values may have been erased; those that are there fit their commitment, or the verification says so. */
function labelIn(values: unknown): string | undefined {
  if (typeof values !== 'string') return undefined;
  const { label } = JSON.parse(values) as { readonly label?: unknown };
  return typeof label === 'string' ? label : undefined;
}

function rowFrom(
  kind: Kind,
  [, tenantId, name, createdAt, revokedAt, rotatedAt, scopes]: readonly unknown[],
): CredentialRow {
  const time = (value: unknown) => (value === null ? null : Number(value));
  return {
    kind,
    tenantId: Number(tenantId),
    name: String(name),
    createdAt: Number(createdAt),
    revokedAt: time(revokedAt),
    rotatedAt: time(rotatedAt),
    scopes: typeof scopes === 'string' ? scopes : null,
  };
}
