import { openCheckpoint } from '../../../core/checkpoint';
import { parseVkey } from '../../../core/note-key';
import { formatNote, parseNote, parseSignatureLine } from '../../../core/signed-note';
import type { OutboundAnswer, SendOutbound } from '../../../http/outbound-request';
import type { Anchor, Outcome, Outgoing, Send } from '../anchor';
import { formatAddCheckpoint } from '../witness/add-checkpoint';
import { retryAfter } from './webhook';

interface WitnessSendDeps {
  readonly outbound: SendOutbound;
  readonly now: () => Date;
  /** The size of the newest checkpoint of this origin that the witness signed as far as we know; 0 when there is none. */
  readonly findSignedSize: (anchor: Anchor, outgoing: Outgoing) => Promise<number>;
  readonly consistencyProof: (ledger: string, oldSize: number, newSize: number) => Promise<Buffer[]>;
  readonly vkeys: (ledger: string) => Promise<readonly string[]>;
}

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 65_536;

/** Has a witness sign a checkpoint (C2SP tlog-witness) and keeps the lines that its own key signed. */
export function createWitnessSend(deps: WitnessSendDeps): Send {
  return async (anchor, outgoing) => {
    const known = await deps.findSignedSize(anchor, outgoing);
    if (known > outgoing.size)
      return { kind: 'refused', detail: `the witness signed a checkpoint of size ${known}, larger than ${outgoing.size}` }; // prettier-ignore
    const first = await ask(anchor, outgoing, known);
    if (first.status !== 409) return settle(anchor, outgoing, first);
    // It signed something else last: by another process of ours, before our database was put back, or for a forger.
    const signed = sizeIn(first);
    if (signed === undefined || signed === known)
      return { kind: 'refused', detail: 'the witness answered 409: it signed another checkpoint of the same size' };
    if (signed > outgoing.size)
      return { kind: 'refused', detail: `the witness signed a checkpoint of size ${signed}, larger than ${outgoing.size}` }; // prettier-ignore
    const second = await ask(anchor, outgoing, signed);
    if (second.status === 409 && sizeIn(second) === outgoing.size)
      return { kind: 'refused', detail: `the witness signed another checkpoint of size ${outgoing.size}` };
    return settle(anchor, outgoing, second);
  };

  async function ask(anchor: Anchor, { ledger, size, note }: Outgoing, oldSize: number): Promise<OutboundAnswer> {
    const proof = oldSize === 0 || oldSize === size ? [] : await deps.consistencyProof(ledger, oldSize, size);
    return deps.outbound(`${anchor.target}/add-checkpoint`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: Buffer.from(formatAddCheckpoint({ oldSize, proof, note }), 'utf8'),
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      allowPrivate: anchor.settings.allowPrivate ?? false,
    });
  }

  async function settle(anchor: Anchor, outgoing: Outgoing, answer: OutboundAnswer): Promise<Outcome> {
    const { status, headers } = answer;
    if (status === 200) {
      const lines = cosignatureLines(answer.body.toString('utf8'), anchor.settings.vkey ?? '');
      const note = lines && addLines(outgoing.note, lines);
      if (lines === undefined || note === undefined || !isCosigned(note, await deps.vkeys(outgoing.ledger), anchor))
        return { kind: 'failed', detail: 'the witness answered with no signature of its key' };
      return { kind: 'taken', answer: lines };
    }
    if (status === 422)
      return { kind: 'refused', detail: 'the witness answered 422: this does not continue what it signed before' };
    const retryAfterMs = retryAfter(headers['retry-after'], deps.now());
    return {
      kind: 'failed',
      detail: `the witness answered ${status}${MEANING[status] ?? ''}`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}

const MEANING: Readonly<Record<number, string>> = {
  403: ': it does not believe our key',
  404: ': it does not know this log; give it our verifier key',
  409: ': it signed something else meanwhile',
};

/** The lines of one key from an answer, each with its line feed; undefined when there is none. */
export function cosignatureLines(body: string, vkey: string): string | undefined {
  const key = parseVkey(vkey);
  const lines = body.split('\n').flatMap((text) => {
    const line = parseSignatureLine(text);
    return line && line.name === key?.name && line.keyId === key.keyId ? [`${text}\n`] : [];
  });
  return lines.length === 0 ? undefined : lines.join('');
}

/** A note with a witness's lines under those of the log; undefined when it is no note then. */
export function addLines(note: string, lines: string): string | undefined {
  const parsed = parseNote(`${note}${lines}`);
  return parsed && formatNote(parsed);
}

/** When a witness signed a note, in milliseconds since 1970; undefined when log and witness have not both signed it. */
export function cosignedAt(note: string, vkeys: readonly string[], vkey: string): number | undefined {
  const opened = openCheckpoint(note, [...vkeys, vkey]);
  const time = opened.ok ? opened.by.find((one) => one.vkey === vkey)?.time : undefined;
  return time === undefined || time === null ? undefined : time * 1_000;
}

function isCosigned(note: string, vkeys: readonly string[], { settings }: Anchor): boolean {
  return settings.vkey !== undefined && cosignedAt(note, vkeys, settings.vkey) !== undefined;
}

function sizeIn({ body }: OutboundAnswer): number | undefined {
  const [, digits] = /^(0|[1-9]\d*)\n$/.exec(body.toString('latin1')) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
