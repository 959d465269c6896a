import { OTHER_LEAF } from '../../core/tree-sweep';
import { isoTime } from '../../core/stored-time';
import type { Break } from '../../core/verify';
import type { Database } from '../../db/connection';
import { ENTRY_FROM, ENTRY_SELECT, fromCells, type EntryRow } from '../../entries/entry-row';
import type { Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { LeafCheck } from '../../entries/leaf-check';
import { createRowCheck } from '../../entries/row-check';
import type { RunHooks, RunPlan, RunState } from './ledger-run';

interface ActorDeps {
  readonly database: Database;
  readonly checkLeaves: LeafCheck;
  readonly erasures: ErasureReader;
}

const CHUNK = 1_000;

/** The entries of one actor, `admin:7`: each by itself, its seal and its leaf; their links are not looked at. */
export async function runActor(deps: ActorDeps, plan: RunPlan, actor: string, hooks: RunHooks): Promise<RunState> {
  let { state } = plan;
  const { toSeq } = state;
  while (!state.isEnded) {
    hooks.signal?.throwIfAborted();
    const rows = await readByActor(deps.database, plan.ledger, actor, state);
    const last = rows.at(-1);
    const found = await checkRows(deps, plan, rows);
    const nextSeq = last && rows.length === CHUNK ? last.seq + 1 : toSeq + 1;
    state = {
      ...state,
      nextSeq,
      isEnded: nextSeq > toSeq,
      scanned: state.scanned + rows.length,
      valid: state.valid + rows.length - found.broken - found.unverifiable,
      unverifiable: state.unverifiable + found.unverifiable,
      broken: state.broken + found.breaks.length,
    };
    hooks.onProgress(Math.min(nextSeq, toSeq + 1) - state.fromSeq, toSeq - state.fromSeq + 1);
    await hooks.onSlice(state, found.breaks);
  }
  return state;
}

/** Rows by themselves: seals, columns, values, leaves. */
export async function checkRows(
  { checkLeaves, erasures }: Omit<ActorDeps, 'database'>,
  plan: Pick<RunPlan, 'ledger' | 'keys'>,
  rows: readonly EntryRow[],
) {
  const leaves = await checkLeaves(plan.ledger, rows);
  const checkRow = createRowCheck(erasures, plan.ledger);
  const breaks: Break[] = [];
  let unverifiable = 0;
  let broken = 0;
  for (const row of rows) {
    const check = await checkRow(row, plan.keys.get(row.epoch));
    const isOther = leaves.get(row.seq) === false && !check.breaks.some((one) => one.kind === 'content');
    const found = isOther ? [...check.breaks, otherLeaf(row)] : check.breaks;
    breaks.push(...found);
    if (found.length > 0) broken += 1;
    else if (check.unverifiable) unverifiable += 1;
  }
  return { breaks, unverifiable, broken };
}

function otherLeaf({ seq, id, receivedAt }: EntryRow): Break {
  return { seq, id, kind: 'rewritten', detail: OTHER_LEAF, receivedAt: isoTime(receivedAt) };
}

async function readByActor(
  { knex: db, dialect }: Database,
  ledger: Ledger,
  actor: string,
  state: RunState,
): Promise<EntryRow[]> {
  const [type = '', ...id] = actor.split(':');
  const sql = `SELECT ${ENTRY_SELECT} FROM ${ENTRY_FROM} WHERE e.ledger_id = ? AND e.actor_type = ? AND e.actor_id = ? AND e.seq >= ? AND e.seq <= ? ORDER BY e.seq LIMIT ?`;
  const rows = await dialect.selectArrays(db, sql, [ledger.id, type, id.join(':'), state.nextSeq, state.toSeq, CHUNK]);
  return rows.map(fromCells);
}
