import { isSameHash, macHead } from '../../core/chain';
import {
  checkSeal,
  mergeScans,
  verdictOf,
  type Break,
  type KnownHead,
  type LedgerNames,
  type Verdict,
} from '../../core/verify';
import type { Database } from '../../db/connection';
import { ENTRY_FROM, ENTRY_SELECT, fromCells, type EntryRow } from '../../entries/entry-row';
import type { EntryStore, Head, Ledger } from '../../entries/entry-store';
import type { KeyRing } from '../../entries/key-ring';
import type { CertificateService } from '../retention/certificate-service';
import type { HeadNotes } from './head-notes';
import type { RangeScanner } from './range-scanner';

export interface VerifyOptions {
  readonly ledger?: string | undefined;
  readonly fromSeq?: number | undefined;
  readonly toSeq?: number | undefined;
  /** Only the entries of one actor, `admin:7`: each by itself, their links are not looked at. */
  readonly actor?: string | undefined;
  /** Heads that somebody kept elsewhere. */
  readonly expected?: readonly (KnownHead & { readonly ledger: string })[];
  readonly onProgress?: (done: number, total: number) => void;
}

export interface LedgerReport {
  readonly ledger: string;
  readonly verdict: Verdict;
  /** Entries that the head says there are. */
  readonly size: number;
  readonly scanned: number;
  readonly valid: number;
  readonly unverifiable: number;
  /** Entries that are missing because they were pruned, as certificates in the chain prove. */
  readonly pruned: number;
  readonly head: { readonly seq: number; readonly hash: string } | null;
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

/** Checks ledgers against their own seals and heads. Reads only: never changes the chain (CONTRACT section 3). */
export interface VerifyService {
  verify(options: VerifyOptions): Promise<VerifyReport>;
}

interface VerifyDeps {
  readonly database: Database;
  readonly store: EntryStore;
  readonly keyRing: KeyRing;
  readonly headNotes: HeadNotes;
  readonly scanner: RangeScanner;
  readonly certificates: CertificateService;
}

const CHUNK = 1_000;

export class UnknownLedgerError extends Error {
  override name = 'UnknownLedgerError';
}

export function createVerifyService({
  database,
  store,
  keyRing,
  headNotes,
  scanner,
  certificates,
}: VerifyDeps): VerifyService {
  const { knex: db, dialect } = database;

  async function verifyLedger(
    ledger: Ledger,
    options: VerifyOptions,
    knownHeads: readonly KnownHead[],
  ): Promise<LedgerReport> {
    const names = { ledger: ledger.name, tenant: ledger.tenant.slug, tenantId: ledger.tenant.id };
    const head = await store.findHead(ledger);
    const keys = await loadEpochKeys(ledger);
    const findEpochKey = (epoch: number) => keys.get(epoch);
    const lastSeq = Math.max(head?.seq ?? 0, head ? 0 : await store.findLastSeq(ledger));
    if (options.actor !== undefined) return verifyActor(ledger, names, head, options.actor, findEpochKey);

    const fromSeq = Math.max(1, options.fromSeq ?? 1);
    const toSeq = Math.min(options.toSeq ?? lastSeq, lastSeq);
    const total = Math.max(0, toSeq - fromSeq + 1);
    let done = 0;
    const loadCertificates = () => certificates.load(ledger, { isKeyOurs: keys.size > 0 });
    const request = {
      ledger,
      names,
      fromSeq,
      toSeq,
      keys: [...keys].map(([epoch, key]) => [epoch, key.toString('hex')] as const),
      knownHeads,
      pruned: (await loadCertificates()).runs,
    };
    const scans = await scanner.scan(request, (rows) => {
      done += rows;
      options.onProgress?.(done, total);
    });
    // Again: what was pruned meanwhile is no gap.
    const pruned = await loadCertificates();
    const result = mergeScans(scans, { toSeq, isHead: toSeq === lastSeq, pruned: pruned.runs });
    const coversHead = toSeq === lastSeq;
    const breaks = [
      ...result.breaks,
      ...pruned.breaks,
      ...(coversHead ? headBreaks(ledger, head, result.lastHash, keys.size > 0) : []),
      ...(coversHead ? await epochBreaks(ledger, head) : []),
      ...(coversHead ? await beyondHead(ledger, names, findEpochKey) : []),
      ...knownHeads.filter((known) => known.seq > lastSeq).map((known) => shorterThan(known, lastSeq)),
    ];
    return report(ledger, head, { ...result, breaks });
  }

  /** A head row that was changed, removed, or does not name the newest entry. */
  function headBreaks(
    ledger: Ledger,
    head: Head | undefined,
    lastHash: string | undefined,
    hasOurKey: boolean,
  ): Break[] {
    const at = (seq: number, kind: Break['kind'], detail: string): Break => ({
      seq,
      id: null,
      kind,
      detail,
      receivedAt: null,
    });
    if (!head) return [at(0, 'truncated', 'the row that names the newest entry is gone')];
    // Without a key that opens, the head's seal says nothing: that is for the verdict, not a break.
    const isReadable = isHash(head.hash) && isPlace(head.seq);
    const isAuthentic =
      !hasOurKey || (isReadable && isSameHash(macHead(keyRing.headKey, ledger.name, head.seq, head.hash), head.mac));
    return [
      ...(isAuthentic
        ? []
        : [
            at(
              head.seq,
              'truncated',
              'the row that names the newest entry was changed: newer entries may have been cut off',
            ),
          ]),
      ...(lastHash !== undefined && !isSameHash(lastHash, head.hash)
        ? [at(head.seq, 'linkage', 'the newest entry is not the one that the head names')]
        : []),
    ];
  }

  /** A head row that would have the next entry sealed under another key than the newest one. */
  async function epochBreaks(ledger: Ledger, head: Head | undefined): Promise<Break[]> {
    const newest = head && isPlace(head.seq) ? await store.findBySeq(ledger, head.seq) : undefined;
    if (!head || !newest || newest.epoch === head.epoch) return [];
    const detail = `the head is in epoch ${head.epoch}, the newest entry in ${newest.epoch}`;
    return [{ seq: head.seq, id: newest.id, kind: 'linkage', detail, receivedAt: null }];
  }

  /** Rows after the head, unless the head has moved on meanwhile. */
  async function beyondHead(
    ledger: Ledger,
    names: LedgerNames,
    findEpochKey: (epoch: number) => Buffer | undefined,
  ): Promise<Break[]> {
    const last = await store.findLastSeq(ledger);
    const head = await store.findHead(ledger);
    if (!head || last <= head.seq) return [];
    const rows = await store.readRange(ledger, { fromSeq: head.seq + 1, toSeq: last, limit: CHUNK });
    return rows.map((row) => {
      const kind = checkSeal(row, names, findEpochKey(row.epoch)).breaks[0]?.kind ?? 'linkage';
      return {
        seq: row.seq,
        id: row.id,
        kind,
        detail: 'stands after the newest entry that the head names',
        // Whoever puts a row there may put any number there: it must not keep the rest from being told.
        receivedAt: Math.abs(row.receivedAt) <= 8.64e15 ? new Date(row.receivedAt).toISOString() : null,
      };
    });
  }

  async function verifyActor(
    ledger: Ledger,
    names: LedgerNames,
    head: Head | undefined,
    actor: string,
    findEpochKey: (epoch: number) => Buffer | undefined,
  ) {
    const [type = '', ...rest] = actor.split(':');
    const breaks: Break[] = [];
    let scanned = 0;
    let unverifiable = 0;
    let brokenRows = 0;
    for (let after = 0; ;) {
      const rows = await readByActor(ledger, type, rest.join(':'), after);
      for (const row of rows) {
        const check = checkSeal(row, names, findEpochKey(row.epoch));
        breaks.push(...check.breaks);
        scanned += 1;
        if (check.breaks.length > 0) brokenRows += 1;
        else if (check.unverifiable) unverifiable += 1;
      }
      const last = rows.at(-1);
      if (!last || rows.length < CHUNK) break;
      after = last.seq;
    }
    return report(ledger, head, {
      scanned,
      unverifiable,
      valid: scanned - brokenRows - unverifiable,
      pruned: 0,
      breaks,
    });
  }

  async function readByActor(ledger: Ledger, type: string, id: string, after: number): Promise<EntryRow[]> {
    const sql = `SELECT ${ENTRY_SELECT} FROM ${ENTRY_FROM} WHERE e.ledger_id = ? AND e.actor_type = ? AND e.actor_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`;
    return (await dialect.selectArrays(db, sql, [ledger.id, type, id, after, CHUNK])).map(fromCells);
  }

  /** Every chain key that our master key opens, read before the scan so that the scan itself waits for nothing. */
  async function loadEpochKeys(ledger: Ledger): Promise<ReadonlyMap<number, Buffer>> {
    const epochs = await db<{ ledger_id: number; epoch: number }>('epochs')
      .where({ ledger_id: ledger.id })
      .pluck<number[]>('epoch');
    const keys = new Map<number, Buffer>();
    for (const epoch of epochs) {
      const key = await keyRing.findEpochKey(db, ledger.id, ledger.name, epoch);
      if (key) keys.set(epoch, key);
    }
    return keys;
  }

  return {
    async verify(options) {
      // Before the heads are read: what is noted later may be newer than they are.
      const known = [...headNotes.list(), ...(options.expected ?? [])].filter(
        (head) => options.ledger === undefined || head.ledger === options.ledger,
      );
      const all = await store.listLedgers();
      const ledgers = options.ledger === undefined ? all : all.filter((ledger) => ledger.name === options.ledger);
      const vanished = known.filter((head) => !all.some((ledger) => ledger.name === head.ledger));
      if (options.ledger !== undefined && ledgers.length === 0 && vanished.length === 0)
        throw new UnknownLedgerError(`There is no ledger named ${options.ledger}.`);
      const reports = [...new Map(vanished.map((head) => [head.ledger, vanishedReport(head)])).values()];
      for (const ledger of ledgers) {
        const heads = known.filter((head) => head.ledger === ledger.name);
        reports.push(await verifyLedger(ledger, options, heads));
      }
      return { verdict: overall(reports), ledgers: reports };
    },
  };
}

function report(
  ledger: Ledger,
  head: Head | undefined,
  result: {
    readonly scanned: number;
    readonly valid: number;
    readonly unverifiable: number;
    readonly pruned: number;
    readonly breaks: readonly Break[];
  },
): LedgerReport {
  return {
    ledger: ledger.name,
    verdict: verdictOf(result),
    size: head?.seq ?? 0,
    scanned: result.scanned,
    valid: result.valid,
    unverifiable: result.unverifiable,
    pruned: result.pruned,
    head: head ? { seq: head.seq, hash: head.hash } : null,
    broken: [...result.breaks]
      .sort((a, b) => a.seq - b.seq)
      .map((one) => ({ seq: one.seq, id: one.id, kind: one.kind, detail: one.detail, received_at: one.receivedAt })),
  };
}

function vanishedReport(head: KnownHead & { readonly ledger: string }): LedgerReport {
  const detail = `the ledger is gone from the database; ${head.where} knows it with ${head.seq} entries`;
  const broken = [{ seq: 0, id: null, kind: 'truncated', detail, received_at: null }];
  return {
    ledger: head.ledger,
    verdict: 'broken',
    size: 0,
    scanned: 0,
    valid: 0,
    unverifiable: 0,
    pruned: 0,
    head: null,
    broken,
  };
}

function shorterThan(known: KnownHead, lastSeq: number): Break {
  return {
    seq: lastSeq + 1,
    id: null,
    kind: 'truncated',
    detail: `${known.where} knows ${known.seq} entries, here are ${lastSeq}`,
    receivedAt: null,
  };
}

function overall(reports: readonly LedgerReport[]): Verdict {
  if (reports.some((one) => one.verdict === 'broken')) return 'broken';
  return reports.length === 0 || reports.some((one) => one.verdict === 'cannot_tell') ? 'cannot_tell' : 'intact';
}

function isPlace(seq: number): boolean {
  return Number.isSafeInteger(seq) && seq >= 0;
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
