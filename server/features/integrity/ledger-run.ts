import { coverOf } from '../../core/erasure-cover';
import { rootFromTiles, TILE_WIDTH } from '../../core/tile';
import { claimBreak, createTreeSweep, EMPTY_SWEEP, type RootClaim, type SweepState } from '../../core/tree-sweep';
import { mergeScans, type Break, type KnownHead, type LedgerNames } from '../../core/verify';
import type { EntryStore, Head, Ledger } from '../../entries/entry-store';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import type { TreeReader } from '../../entries/tree-reader';
import type { CertificateService } from '../retention/certificate-service';
import type { DerivedChecks } from './derived/derived-checks';
import type { Evidence } from './evidence';
import { explainErased } from './explain-erased';
import { checkHead, isPlace } from './head-checks';
import type { RangeScanner } from './range-scanner';

/** Which entries: all, those since the last verification that found nothing, a range, an actor's, one. */
export type VerifyScope = 'whole' | 'new' | 'range' | 'actor' | 'row';

/** Where a run stands. Plain data: another process may go on from it. */
export type RunState = {
  readonly scope: VerifyScope;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** The next entry to look at; behind `toSeq` when all were. */
  readonly nextSeq: number;
  /** Everything was looked at, what can be told at the end too. */
  readonly isEnded: boolean;
  /** As it was when the run began. */
  readonly head: { readonly seq: number; readonly hash: string; readonly mac: string; readonly epoch: number } | null;
  readonly scanned: number;
  readonly valid: number;
  readonly unverifiable: number;
  /** Missing entries that certificates account for. */
  readonly pruned: number;
  readonly byProof: number;
  readonly broken: number;
  readonly lastHash: string | null;
  /** Missing entries at the end of what was looked at; they may go on. */
  readonly gap: readonly [number, number] | null;
  readonly sweep: {
    readonly tiles: number;
    readonly subtrees: readonly (readonly [number, string])[];
    readonly isKnown: boolean;
    readonly root: string | null;
  };
};

export interface RunPlan {
  readonly ledger: Ledger;
  readonly names: LedgerNames;
  readonly keys: ReadonlyMap<number, Buffer>;
  /** Epochs whose key was destroyed: a checkpoint held elsewhere stands for it. */
  readonly retired: readonly number[];
  /** What is wrong with the rows of the epochs. */
  readonly epochBreaks: readonly Break[];
  readonly knownHeads: readonly KnownHead[];
  readonly evidence: Evidence;
  readonly state: RunState;
  readonly checksDerived: boolean;
}

export interface RunHooks {
  readonly onProgress: (done: number, total: number) => void;
  /** After each slice; the breaks are those found in it. */
  readonly onSlice: (state: RunState, breaks: readonly Break[]) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

interface RunDeps {
  readonly store: EntryStore;
  readonly trees: TreeReader;
  readonly keyRing: KeyRing;
  readonly scanner: RangeScanner;
  readonly erasures: ErasureReader;
  readonly derived: DerivedChecks;
  readonly certificates: CertificateService;
}

/** Entries between two places to go on from: a few seconds of work, whole tiles. */
export const SLICE = 1_000 * TILE_WIDTH;

/** Stands for the number in a head that is none: no head has it, so that its seal does not fit. */
const UNREADABLE = -1;

/** The first state of a run. `sweep`: the tree before the first tile of the range. */
export function startState(
  range: Pick<RunState, 'scope' | 'fromSeq' | 'toSeq'> & { readonly head: Head | undefined },
  sweep: SweepState = EMPTY_SWEEP,
): RunState {
  const { head, ...given } = range;
  return {
    ...given,
    head: head ? { ...head, seq: isPlace(head.seq) ? head.seq : UNREADABLE } : null,
    nextSeq: range.fromSeq,
    isEnded: false,
    scanned: 0,
    valid: 0,
    unverifiable: 0,
    pruned: 0,
    byProof: 0,
    broken: 0,
    lastHash: null,
    gap: null,
    sweep,
  };
}

/** Goes through a ledger slice by slice: seals, links, gaps, leaves, roots; at its end the head and what is known of it. */
export async function runLedger(deps: RunDeps, plan: RunPlan, hooks: RunHooks): Promise<RunState> {
  const { fromSeq, toSeq } = plan.state;
  const total = Math.max(0, toSeq - fromSeq + 1);
  let state = plan.state;
  if (state.isEnded) return state;
  while (state.nextSeq <= toSeq) {
    const lastSeq = Math.min(toSeq, Math.ceil((state.nextSeq + SLICE - 1) / TILE_WIDTH) * TILE_WIDTH);
    let done = state.nextSeq - fromSeq;
    const slice = await runSlice(deps, plan, state, lastSeq, {
      signal: hooks.signal,
      onProgress: (rows) => hooks.onProgress((done += rows), total),
    });
    state = slice.state;
    await hooks.onSlice(state, slice.breaks.map(placed));
  }
  const last = await finish(deps, plan, state, hooks.signal);
  const ended = { ...state, isEnded: true, broken: state.broken + last.length };
  await hooks.onSlice(ended, last.map(placed));
  return ended;
}

/** A break whose number somebody wrote over is told of the ledger as a whole. */
function placed(one: Break): Break {
  return isPlace(one.seq) ? one : { ...one, seq: 0 };
}

async function runSlice(
  { store, scanner, trees, erasures, certificates }: RunDeps,
  { ledger, names, keys, retired, knownHeads, evidence }: RunPlan,
  state: RunState,
  toSeq: number,
  watch: { readonly onProgress: (rows: number) => void; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly state: RunState; readonly breaks: readonly Break[] }> {
  const loadRuns = async () => (await certificates.load(ledger, { isKeyOurs: keys.size > 0 })).runs;
  const proofRule = { retiredEpochs: retired, provenSize: evidence.heldSize };
  const erased = await erasures.readAll(ledger, { proof: proofRule });
  const scans = await scanner.scan(
    {
      ledger,
      names,
      fromSeq: state.nextSeq,
      toSeq,
      keys: [...keys].map(([epoch, key]) => [epoch, key.toString('hex')] as const),
      knownHeads,
      pruned: await loadRuns(),
      proofRule,
      cover: coverOf(erased),
      tree: { size: evidence.treeSize, cuts: cutsOf(evidence.claims, state.nextSeq, toSeq) },
    },
    watch,
  );
  const gaps = joinGaps([...(state.gap ? [state.gap] : []), ...scans.flatMap((scan) => scan.gaps)]);
  // What is missing at the end may go on in the next slice: one gap is told once.
  const open = toSeq < state.toSeq && gaps.at(-1)?.[1] === toSeq ? gaps.pop() : undefined;
  const found = mergeScans(
    scans.map((scan, at) => ({ ...scan, gaps: at === 0 ? gaps : [] })),
    // Again: what was pruned meanwhile is no gap.
    { toSeq, isHead: toSeq === (state.head?.seq ?? state.toSeq), pruned: await loadRuns() },
  );
  const sum = await explainErased({ store, erasures }, { ledger, names, keys, proofRule, known: erased.length }, found);
  const sweep = createTreeSweep({
    treeSize: evidence.treeSize,
    claims: evidence.claims,
    readTile: (level, tile) => trees.readTile(ledger, level, tile),
    state: state.sweep,
    isPart: state.scope === 'range',
  });
  const breaks = [...sum.breaks];
  for (const tile of scans.flatMap((scan) => scan.tiles)) breaks.push(...(await sweep.add(tile)));
  return {
    breaks,
    state: {
      ...state,
      nextSeq: toSeq + 1,
      scanned: state.scanned + sum.scanned,
      valid: state.valid + sum.valid,
      unverifiable: state.unverifiable + sum.unverifiable,
      pruned: state.pruned + sum.pruned,
      byProof: state.byProof + sum.byProof,
      broken: state.broken + breaks.length,
      lastHash: sum.lastHash ?? null,
      gap: open ?? null,
      sweep: sweep.state(),
    },
  };
}

function joinGaps(gaps: readonly (readonly [number, number])[]): [number, number][] {
  const joined: [number, number][] = [];
  for (const [from, to] of gaps) {
    const last = joined.at(-1);
    if (last?.[1] === from - 1) last[1] = to;
    else joined.push([from, to]);
  }
  return joined;
}

/** Sizes in a range whose roots are wanted: those that are claimed, and its end. */
function cutsOf(claims: readonly RootClaim[], fromSeq: number, toSeq: number): number[] {
  const sizes = [...claims.map((claim) => claim.size), toSeq];
  const here = sizes.filter((size) => size >= fromSeq && size <= toSeq && size % TILE_WIDTH !== 0);
  return [...new Set(here)].sort((a, b) => a - b);
}

/** What can be told only when everything was looked at. */
async function finish(deps: RunDeps, plan: RunPlan, state: RunState, signal?: AbortSignal): Promise<Break[]> {
  const { ledger, keys, knownHeads, evidence } = plan;
  const certified = await deps.certificates.load(ledger, { isKeyOurs: keys.size > 0 });
  const breaks = [...evidence.breaks, ...plan.epochBreaks, ...certified.breaks];
  if (state.toSeq >= (state.head?.seq ?? state.toSeq))
    breaks.push(
      ...(await checkHead(deps, {
        ledger,
        head: state.head ?? undefined,
        lastHash: state.lastHash ?? undefined,
        hasOurKey: keys.size > 0,
        findEpochKey: (epoch) => keys.get(epoch),
      })),
    );
  // A run that went on in another process knows claims that are newer than the head it began with.
  const size = Math.max(
    state.head && isPlace(state.head.seq) ? state.head.seq : await deps.store.findLastSeq(ledger),
    (await deps.store.findHead(ledger))?.seq || 0,
  );
  for (const { where, seq } of knownHeads) if (seq > size) breaks.push(shorter(where, seq, size));
  for (const claim of evidence.claims) if (claim.size > size) breaks.push(shorter(claim.where, claim.size, size));
  if (state.scope === 'range') breaks.push(...(await checkNewestClaim(deps.trees, plan)));
  // Behind a break they would only tell it a second time.
  if (plan.checksDerived && state.scope === 'whole' && state.broken + breaks.length === 0)
    breaks.push(...(await deps.derived.check(ledger, signal)));
  return breaks;
}

/** A range says nothing about the root; that the tree it was compared with is the one that was signed, does. */
async function checkNewestClaim(trees: TreeReader, { ledger, evidence }: RunPlan): Promise<Break[]> {
  const [newest] = evidence.claims
    .filter((claim) => claim.kind === 'rewritten' && claim.size <= evidence.treeSize)
    .sort((a, b) => b.size - a.size);
  if (!newest) return [];
  const root = await rootFromTiles(newest.size, async (level, tile) => {
    return (await trees.readTile(ledger, level, tile)) ?? Buffer.alloc(0);
  }).catch(() => undefined);
  return root?.toString('hex') === newest.root ? [] : [claimBreak(newest)];
}

function shorter(where: string, size: number, lastSeq: number): Break {
  const detail = `${where} knows ${size} entries, here are ${lastSeq}`;
  return { seq: lastSeq + 1, id: null, kind: 'truncated', detail, receivedAt: null };
}
