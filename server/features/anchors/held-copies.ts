import { openCheckpoint } from '../../core/checkpoint';
import { decodeBase64 } from '../../core/strict-base64';
import type { Ledger } from '../../entries/entry-store';
import type { SendOutbound } from '../../http/outbound-request';
import type { CheckpointService } from '../tree/checkpoint-service';
import type { Anchor, Copy } from './anchor';
import { isFor } from './anchor-sender';
import type { AnchorStore } from './anchor-store';
import { readLines } from './checkpoint-lines';
import type { CopyStore } from './copy-store';
import { addLines, cosignedAt } from './destinations/witness';
import type { ReportStore } from './report-store';
import { checkTimeStamp } from './time-stamp';

/** A checkpoint that somebody outside holds, with our genuine signature. */
export interface HeldCheckpoint {
  /** The whole signed note. */
  readonly note: string;
  /** Plain English, for the report. */
  readonly where: string;
  readonly origin: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
}

/** A copy that is not what was given out: it is named, and nothing is believed of it. */
export interface CopyFault {
  readonly anchorId: string;
  readonly where: string;
  readonly detail: string;
  /** Somebody changed it; else it is away, or shorter than it was. */
  readonly isEdited: boolean;
}

export interface HeldCopies {
  readonly held: readonly HeldCheckpoint[];
  readonly faults: readonly CopyFault[];
}

interface HeldDeps {
  readonly anchors: AnchorStore;
  readonly copies: CopyStore;
  readonly reports: ReportStore;
  readonly checkpoints: Pick<CheckpointService, 'vkeys'>;
  readonly outbound: SendOutbound;
}

const ASK_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;
/** Newest first; a time-stamp takes milliseconds to check, and the MAC of a row is checked for all of these. */
const MAX_COPIES = 1_000;
const CHECKED_WHOLE = 20;
const MAX_FAULTS = 20;

/** Reads now what the anchors of a ledger hold: the newest genuine checkpoint of each origin at each place, and what is wrong. */
export async function readHeldCopies(deps: HeldDeps, ledger: Ledger): Promise<HeldCopies> {
  const anchors = (await deps.anchors.list()).filter((one) => isFor(one, ledger));
  const held: HeldCheckpoint[] = [];
  const faults: CopyFault[] = [];
  if (anchors.length === 0) return { held, faults };
  const vkeys = await deps.checkpoints.vkeys(ledger);
  for (const anchor of anchors) {
    const done = await deps.copies.listDone(anchor.id, ledger.id, MAX_COPIES);
    const copies = done.filter(({ state, isGenuine }) => state === 'taken' && isGenuine);
    const found = createFindings(anchor, vkeys);
    if (!anchor.isGenuine) found.edited('the anchor was changed in the database');
    for (const { size, origin } of done.filter(({ isGenuine }) => !isGenuine))
      found.edited(`the copy of size ${size} of ${origin} was changed in the database`);
    for (const copy of copies.slice(0, CHECKED_WHOLE)) checkRow(copy, anchor, vkeys, found);
    if (anchor.kind === 'file') await readFile(anchor.target, found);
    else if (anchor.kind === 'bridge') await readReports(deps, anchor, found);
    else {
      for (const { note } of newestOfEach(copies)) found.hold(note);
      if (anchor.kind === 'witness') await askWitness(deps, anchor, found);
    }
    found.expectNewest(copies);
    held.push(...found.held());
    faults.push(...found.faults.slice(0, MAX_FAULTS));
  }
  return { held, faults };
}

interface Findings {
  readonly faults: CopyFault[];
  /** Somebody changed the copy. */
  edited(detail: string): void;
  /** The copy is not there, or not whole. */
  lacking(detail: string): void;
  /** Believed when our signature is genuine; tells whether it is. */
  hold(note: string): boolean;
  readonly origins: ReadonlySet<string>;
  /** What it took once, it must still hold. */
  expectNewest(copies: readonly Copy[]): void;
  held(): readonly HeldCheckpoint[];
}

function createFindings(anchor: Anchor, vkeys: readonly string[]): Findings {
  const where = placeOf(anchor);
  const origins = new Set(vkeys.map((vkey) => vkey.slice(0, vkey.indexOf('+'))));
  const newest = new Map<string, HeldCheckpoint>();
  const faults: CopyFault[] = [];
  const fault = (detail: string, isEdited: boolean) =>
    void faults.push({ anchorId: anchor.id, where, detail, isEdited });
  const lacking = (detail: string) => fault(detail, false);
  return {
    faults,
    edited: (detail) => fault(detail, true),
    lacking,
    hold(note) {
      const opened = openCheckpoint(note, vkeys);
      if (!opened.ok) return false;
      const { origin, size, root } = opened.checkpoint;
      if ((newest.get(origin)?.size ?? -1) < size) newest.set(origin, { note, where, origin, size, root: root.toString('hex') }); // prettier-ignore
      return true;
    },
    origins,
    expectNewest(copies) {
      const taken = new Map<string, number>();
      for (const { origin, size } of copies) taken.set(origin, Math.max(size, taken.get(origin) ?? 0));
      for (const [origin, size] of taken) {
        const held = newest.get(origin)?.size ?? 0;
        if (held < size) lacking(`it took a checkpoint of size ${size} of ${origin}, and now holds ${held === 0 ? 'none' : `size ${held} at most`}`); // prettier-ignore
      }
    },
    held: () => [...newest.values()],
  };
}

/** Of each origin, from copies that are the newest first. */
function newestOfEach(copies: readonly Copy[]): Copy[] {
  return copies.filter(({ origin }, at) => copies.findIndex((one) => one.origin === origin) === at);
}

/** In a report, and on the page. */
export function placeOf({ kind, name, target }: Anchor): string {
  if (kind === 'file') return `file ${target}`;
  if (kind === 'bridge') return `billing database of bridge ${name}`;
  if (kind === 'mail') return `mail to ${target}`;
  return `${kind === 'tsa' ? 'time-stamp of' : kind} ${name}`;
}

function checkRow(copy: Copy, anchor: Anchor, vkeys: readonly string[], found: Findings): void {
  const { size, origin, root, note, answer } = copy;
  const opened = openCheckpoint(note, vkeys);
  if (!opened.ok || opened.checkpoint.size !== size || opened.checkpoint.root.toString('hex') !== root)
    return found.edited(`the copy of size ${size} of ${origin} has not our signature`);
  if (anchor.kind === 'tsa') {
    const stamp = checkTimeStamp(decodeBase64(answer ?? '') ?? Buffer.alloc(0), { data: Buffer.from(note, 'utf8') });
    if ('fault' in stamp) found.edited(`the time-stamp of size ${size} of ${origin}: ${stamp.fault}`);
  }
  if (anchor.kind === 'witness') {
    const cosigned = addLines(note, answer ?? '');
    if (cosigned === undefined || cosignedAt(cosigned, vkeys, anchor.settings.vkey ?? '') === undefined)
      found.edited(`the witness's signature of size ${size} of ${origin} is not genuine`);
  }
}

async function readFile(file: string, found: Findings): Promise<void> {
  try {
    for await (const { number, found: line } of readLines(file)) {
      if (!line) found.lacking(`line ${number} cannot be read`);
      else if (!found.hold(line.note) && found.origins.has(line.origin))
        found.edited(`line ${number}: the checkpoint of size ${line.size} has not our signature`);
    }
  } catch (error) {
    found.lacking(`it cannot be read: ${(error as Error).message}`);
  }
}

async function readReports({ reports }: HeldDeps, anchor: Anchor, found: Findings): Promise<void> {
  for (const { note, origin, isGenuine } of await reports.list(anchor.id))
    if (!isGenuine || !found.hold(note)) found.edited(`what it reported of ${origin} was changed in the database`);
}

/** A Sealtrail that is a witness tells what it holds; of any other we have what it signed. */
async function askWitness({ outbound }: HeldDeps, anchor: Anchor, found: Findings): Promise<void> {
  for (const origin of found.origins) {
    const size = found.held().find((one) => one.origin === origin)?.size ?? 0;
    const answer = await outbound(`${anchor.target}/last-checkpoint?origin=${encodeURIComponent(origin)}`, {
      method: 'GET',
      timeoutMs: ASK_MS,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      allowPrivate: anchor.settings.allowPrivate ?? false,
    }).catch(() => undefined);
    if (answer?.status !== 200) continue;
    const note = answer.body.toString('utf8');
    if (!found.hold(note)) found.edited(`the witness shows a checkpoint of ${origin} without our signature`);
    else if (sizeOf(note) < size) found.lacking(`the witness signed size ${size} of ${origin}, and now shows ${sizeOf(note)}`); // prettier-ignore
  }
}

function sizeOf(note: string): number {
  return Number(note.split('\n')[1]);
}
