import { z } from 'zod';
import { clip } from '../../core/clip';

/** What a bridge says of itself and its outbox, also when it has nothing to deliver. */
export interface Heartbeat {
  readonly installation: {
    readonly whmcs: string | null;
    readonly bridge: string | null;
    readonly timeZone: string | null;
    readonly php: string | null;
    readonly sapi: string | null;
    readonly seqStep: number | null;
    /** Names the sequence that the outbox counts in. */
    readonly node: string;
  };
  readonly outbox: {
    readonly pending: number;
    readonly oldestSeq: number | null;
    /** Milliseconds since 1970. */
    readonly oldestAt: number | null;
    readonly nextSeq: number;
    readonly parked: readonly { readonly seq: number; readonly reason: string }[];
    readonly spooled: number;
  };
  readonly paused: boolean;
  /** The checkpoints of ours in the billing database; null for a bridge that keeps none. */
  readonly checkpoints: {
    /** The newest note of each origin. */
    readonly held: readonly string[];
    /** The one that it refused last, until it takes one again. */
    readonly refused: { readonly note: string; readonly reason: string } | null;
  } | null;
}

export const MAX_PARKED = 10_000;
const MAX_NOTE = 10_000;
const MAX_HELD = 100;

const text = z.string().transform((value) => clip(value.toWellFormed(), 64)).nullish().transform((value) => value ?? null); // prettier-ignore
const count = z.int().nonnegative();
const seq = z.int().positive();
const note = z.string().max(MAX_NOTE);

const heartbeatSchema = z.object({
  installation: z
    .object({
      whmcs: text,
      bridge: text,
      time_zone: text,
      php: text,
      sapi: text,
      seq_step: z.int().min(1).max(65_535).nullish(),
      node: text,
    })
    .nullish(),
  outbox: z.object({
    pending: count,
    oldest_seq: seq.nullish(),
    oldest_at: z.iso.datetime({ offset: true }).nullish(),
    next_seq: seq,
    parked: z.array(z.object({ seq, reason: z.string().nullish() })).max(MAX_PARKED).default([]), // prettier-ignore
    spooled: count.default(0),
  }),
  paused: z.boolean().default(false),
  checkpoints: z
    .object({
      held: z.array(note).max(MAX_HELD),
      refused: z.object({ note, reason: z.string() }).nullish(),
    })
    .nullish(),
});

/** A heartbeat's body, or what is wrong with it. */
export function parseHeartbeat(
  body: Buffer,
): Heartbeat | { readonly error: 'not_json' | 'bad_shape'; readonly detail: string } {
  // prettier-ignore
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { error: 'not_json', detail: 'the body is not JSON in UTF-8' };
  }
  const parsed = heartbeatSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { error: 'bad_shape', detail: clip(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, 300) };
  }
  const { installation, outbox, paused, checkpoints } = parsed.data;
  return {
    installation: {
      whmcs: installation?.whmcs ?? null,
      bridge: installation?.bridge ?? null,
      timeZone: installation?.time_zone ?? null,
      php: installation?.php ?? null,
      sapi: installation?.sapi ?? null,
      seqStep: installation?.seq_step ?? null,
      node: installation?.node ?? '',
    },
    outbox: {
      pending: outbox.pending,
      oldestSeq: outbox.oldest_seq ?? null,
      oldestAt: outbox.oldest_at ? Date.parse(outbox.oldest_at) : null,
      nextSeq: outbox.next_seq,
      parked: outbox.parked.map((one) => ({ seq: one.seq, reason: clip((one.reason ?? '').toWellFormed(), 200) })),
      spooled: outbox.spooled,
    },
    paused,
    checkpoints: checkpoints
      ? {
          held: checkpoints.held,
          refused: checkpoints.refused
            ? { note: checkpoints.refused.note, reason: clip(checkpoints.refused.reason.toWellFormed(), 200) }
            : null,
        }
      : null,
  };
}
