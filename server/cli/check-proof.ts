import { leafHash } from '../core/merkle';
import { parseTlogProof, verifyTlogProof } from '../core/tlog-proof';

interface ProofCheck {
  readonly ok: boolean;
  /** For people; what follows is the same for programs. */
  readonly lines: readonly string[];
  readonly seq?: number;
  readonly origin?: string;
  readonly size?: number;
  readonly record?: string;
  readonly fault?: string;
}

const FAULTS = {
  malformed: 'this is no .tlog-proof file',
  bad_signature: 'a signature of the checkpoint is not genuine',
  no_known_key: 'no given key has signed the checkpoint of this log',
  not_included: 'the record is not the entry that the log signed at this place',
  no_record: 'the proof does not hold the record: give it with --record',
  wrong_place: 'the record names another place than the one proved',
};

/** Whether a log of `vkeys` holds the record at its place. The record is given, or taken from the proof's extra bytes. */
export function checkProof(input: {
  readonly proof: string;
  readonly record: string | undefined;
  readonly vkeys: readonly string[];
}): ProofCheck {
  const proof = parseTlogProof(input.proof);
  if (!proof) return refuse('malformed');
  const record = input.record ?? proof.extra?.toString('utf8');
  if (record === undefined) return refuse('no_record');
  const checked = verifyTlogProof(proof, leafHash(record), input.vkeys);
  // An editor may have ended the file with a line feed, which no record has.
  if (!checked.ok && input.record?.endsWith('\n')) return checkProof({ ...input, record: input.record.slice(0, -1) });
  if (!checked.ok) return refuse(checked.fault);
  const { origin, size } = checked.checkpoint;
  const seq = proof.index + 1;
  const place = placeIn(record);
  if (place.seq !== String(seq) || !isOfLedger(origin, place.ledger)) return refuse('wrong_place');
  return {
    ok: true,
    lines: [
      `✅ entry ${seq} of ${size} is in the log ${origin}`,
      ...checked.by.map(({ name, time }) => `   signed by ${name}${time === null ? '' : ` at ${utc(time)}`}`),
      record,
    ],
    seq,
    origin,
    size,
    record,
  };
}

function refuse(fault: keyof typeof FAULTS): ProofCheck {
  return { ok: false, lines: [`❌ ${FAULTS[fault]}`], fault };
}

function placeIn(record: string): { readonly seq: unknown; readonly ledger: unknown } {
  const { seq, ledger } = JSON.parse(record) as Record<string, unknown>;
  return { seq, ledger };
}

/** `sealtrail/<installation>/<ledger>`, later `/2` and so on (docs/format.md). */
function isOfLedger(origin: string, ledger: unknown): boolean {
  return typeof ledger === 'string' && origin.split('/')[2] === encodeURIComponent(ledger);
}

function utc(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
}
