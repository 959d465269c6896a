import type { SweepState } from '../../core/tree-sweep';
import { verdictOf, type Break, type KnownHead, type Verdict } from '../../core/verify';
import type { Database } from '../../db/connection';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { loadEpochKeys } from '../../entries/epoch-keys';
import type { ErasureReader } from '../../entries/erasure-reader';
import type { KeyRing } from '../../entries/key-ring';
import type { CertificateService } from '../retention/certificate-service';
import { createLeafCheck } from '../../entries/leaf-check';
import type { TreeReader } from '../../entries/tree-reader';
import { runActor } from './actor-run';
import type { DerivedChecks } from './derived/derived-checks';
import { collectEvidence, type EvidenceDeps, type HeldNote } from './evidence';
import { isPlace } from './head-checks';
import type { HeadNotes } from './head-notes';
import { runLedger, startState, type RunHooks, type RunPlan, type RunState, type VerifyScope } from './ledger-run';
import type { RangeScanner } from './range-scanner';
import { sweepOfMark, type Mark } from './verified-mark';

export type { HeldNote } from './evidence';
export { scopeFault } from './verify-scope';
export type { RunState, VerifyScope } from './ledger-run';

export interface VerifyOptions {
  readonly ledger?: string | undefined;
  readonly fromSeq?: number | undefined;
  readonly toSeq?: number | undefined;
  /** Only the entries of one actor in the range, `admin:7`: each by itself, their links are not looked at. */
  readonly actor?: string | undefined;
  /** Only what is new since the last verification of everything that found nothing; everything, where there was none. */
  readonly isOnlyNew?: boolean | undefined;
  /** Also what is made from entries, when all of them are looked at and intact: counters, quarantine, search index. */
  readonly derived?: boolean | undefined;
  /** Heads that somebody kept elsewhere. */
  readonly expected?: readonly (KnownHead & { readonly ledger: string })[];
  /** Signed checkpoints that somebody kept elsewhere, of the ledger that is checked. */
  readonly expectedNotes?: readonly (HeldNote & { readonly ledger: string })[];
  readonly onProgress?: (done: number, total: number) => void;
}

export interface LedgerReport {
  readonly ledger: string;
  readonly verdict: Verdict;
  readonly scope: VerifyScope;
  readonly from: number;
  readonly to: number;
  /** Entries that the head says there are. */
  readonly size: number;
  readonly scanned: number;
  readonly valid: number;
  readonly unverifiable: number;
  /** Entries that are missing because they were pruned, as certificates in the chain prove. */
  readonly pruned: number;
  /** Of the valid ones: those whose chain key was destroyed and for which the tree under a checkpoint held elsewhere stands. */
  readonly by_proof: number;
  readonly head: { readonly seq: number; readonly hash: string } | null;
  /** The root over the first `size` entries, hex, as they gave it; null where not all of them were looked at. */
  readonly tree: { readonly size: number; readonly root: string } | null;
  readonly broken: readonly {
    seq: number;
    id: string | null;
    kind: string;
    detail: string;
    received_at: string | null;
  }[];
}

export interface VerifyReport {
  readonly verdict: Verdict;
  readonly ledgers: readonly LedgerReport[];
}

/** Checks ledgers against their own seals, trees and heads, and against what is kept elsewhere. Reads only. */
export interface VerifyService {
  verify(options: VerifyOptions): Promise<VerifyReport>;
  /** One ledger, in slices that another process can go on from. The report lists no breaks: `onSlice` was given them. */
  run(ledger: Ledger, options: VerifyOptions, resumed: RunState | null, hooks: RunHooks): Promise<LedgerReport>;
}

interface VerifyDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly trees: TreeReader;
  readonly keyRing: KeyRing;
  readonly headNotes: HeadNotes;
  readonly scanner: RangeScanner;
  readonly evidence: Omit<EvidenceDeps, 'trees'>;
  readonly erasures: ErasureReader;
  readonly derived: DerivedChecks;
  readonly certificates: CertificateService;
  /** Up to where everything was verified; undefined where nothing authentic says so. */
  readonly findMark: (ledger: Ledger) => Promise<Mark | undefined>;
}

export class UnknownLedgerError extends Error {
  override name = 'UnknownLedgerError';
}

export function createVerifyService(deps: VerifyDeps): VerifyService {
  const { database, store, trees, keyRing, headNotes } = deps;
  const checkLeaves = createLeafCheck(trees);

  async function run(
    ledger: Ledger,
    options: VerifyOptions,
    resumed: RunState | null,
    hooks: RunHooks,
  ): Promise<LedgerReport> {
    // Before the head is read: what is noted later may be newer than it is.
    const noted = [...headNotes.list(), ...(options.expected ?? [])].filter((head) => head.ledger === ledger.name);
    // Before the scan, so that the scan itself waits for nothing.
    const { keys, retired, breaks: epochBreaks } = await loadEpochKeys({ database, store, keyRing }, ledger);
    const mark = isOnlyNew(options, resumed) ? await deps.findMark(ledger) : undefined;
    const expected = (options.expectedNotes ?? []).filter((one) => one.ledger === ledger.name);
    const sweep = mark && (await sweepOfMark(trees, ledger, mark));
    const above = sweep ? mark.seq : 0;
    const evidence = await collectEvidence({ ...deps.evidence, trees }, ledger, { expected, hasOurKey: keys.size > 0, above }); // prettier-ignore
    const state = resumed ?? (await begin(ledger, options, mark, sweep));
    const where = `the verification of ${mark?.finishedAt}`;
    const plan: RunPlan = {
      ledger,
      names: { ledger: ledger.name, tenant: ledger.tenant.slug, tenantId: ledger.tenant.id },
      keys,
      retired,
      epochBreaks,
      knownHeads: mark ? [...noted, { seq: mark.seq, hash: mark.hash, where }] : noted,
      evidence: mark
        ? { ...evidence, claims: [...evidence.claims, { size: mark.seq, root: mark.root, kind: 'rewritten', where }] }
        : evidence,
      state,
      checksDerived: options.derived === true,
    };
    const ended =
      options.actor === undefined
        ? await runLedger(deps, plan, hooks)
        : await runActor({ database, checkLeaves, erasures: deps.erasures }, plan, options.actor, hooks);
    return reportOf(ledger, ended);
  }

  async function begin(
    ledger: Ledger,
    options: VerifyOptions,
    mark: Mark | undefined,
    sweep: SweepState | undefined,
  ): Promise<RunState> {
    const head = await store.findHead(ledger);
    const lastSeq = head && isPlace(head.seq) ? head.seq : await store.findLastSeq(ledger);
    const toSeq = Math.min(options.toSeq ?? lastSeq, lastSeq);
    const fromSeq = Math.max(1, options.fromSeq ?? 1);
    if (options.actor !== undefined) return startState({ scope: 'actor', fromSeq, toSeq, head });
    if (mark && sweep && mark.seq <= lastSeq)
      return startState({ scope: 'new', fromSeq: mark.seq, toSeq: lastSeq, head }, sweep);
    const scope = fromSeq === 1 && toSeq === lastSeq ? 'whole' : 'range';
    return startState({ scope, fromSeq, toSeq, head });
  }

  return {
    run,
    async verify(options) {
      const known = [
        ...headNotes.list(),
        ...(options.expected ?? []),
        ...(options.expectedNotes ?? []).map(({ ledger, where }) => ({ ledger, where, seq: null })),
      ].filter((one) => options.ledger === undefined || one.ledger === options.ledger);
      const all = await store.listLedgers();
      const ledgers = options.ledger === undefined ? all : all.filter((ledger) => ledger.name === options.ledger);
      const vanished = known.filter((one) => !all.some((ledger) => ledger.name === one.ledger));
      if (options.ledger !== undefined && ledgers.length === 0 && vanished.length === 0)
        throw new UnknownLedgerError(`There is no ledger named ${options.ledger}.`);
      const reports = [...new Map(vanished.map((one) => [one.ledger, vanishedReport(one)])).values()];
      for (const ledger of ledgers) {
        const breaks: Break[] = [];
        const report = await run(ledger, options, null, {
          onProgress: options.onProgress ?? (() => undefined),
          onSlice: (_state, found) => {
            for (const one of found) breaks.push(one);
            return Promise.resolve();
          },
        });
        reports.push({ ...report, broken: breaks.sort((a, b) => a.seq - b.seq).map(reportedBreak) });
      }
      return { verdict: overall(reports), ledgers: reports };
    },
  };
}

function isOnlyNew(options: VerifyOptions, resumed: RunState | null): boolean {
  return resumed ? resumed.scope === 'new' : options.isOnlyNew === true && options.actor === undefined;
}

export function reportedBreak(one: Break): LedgerReport['broken'][number] {
  return { seq: one.seq, id: one.id, kind: one.kind, detail: one.detail, received_at: one.receivedAt };
}

function reportOf(ledger: Ledger, state: RunState): LedgerReport {
  const { scanned, valid, unverifiable, pruned, byProof, broken, head, sweep, toSeq } = state;
  return {
    ledger: ledger.name,
    verdict: verdictOf({ scanned, unverifiable, breaks: { length: broken } }),
    scope: state.scope,
    from: state.fromSeq,
    to: toSeq,
    size: Math.max(0, head?.seq ?? 0),
    scanned,
    valid,
    unverifiable,
    pruned,
    by_proof: byProof,
    head: head ? { seq: head.seq, hash: head.hash } : null,
    tree: sweep.root === null || toSeq !== head?.seq ? null : { size: toSeq, root: sweep.root },
    broken: [],
  };
}

function vanishedReport({ ledger, where, seq }: { ledger: string; where: string; seq: number | null }): LedgerReport {
  const detail = `the ledger is gone from the database; ${where} knows it${seq === null ? '' : ` with ${seq} entries`}`;
  const broken = [{ seq: 0, id: null, kind: 'truncated', detail, received_at: null }];
  return { ledger, verdict: 'broken', scope: 'whole', from: 1, to: 0, size: 0, scanned: 0, valid: 0, unverifiable: 0, pruned: 0, by_proof: 0, head: null, tree: null, broken }; // prettier-ignore
}

function overall(reports: readonly LedgerReport[]): Verdict {
  if (reports.some((one) => one.verdict === 'broken')) return 'broken';
  return reports.length === 0 || reports.some((one) => one.verdict === 'cannot_tell') ? 'cannot_tell' : 'intact';
}
