import { z } from 'zod';

export const ANCHOR_KINDS = ['file', 'mail', 'webhook', 'tsa', 'witness', 'bridge'] as const;
export type AnchorKind = (typeof ANCHOR_KINDS)[number];

/** What a kind needs besides its target; nothing in it is secret. */
export const anchorSettings = z
  .object({
    /** The target may lie in a private network. */
    allowPrivate: z.boolean(),
    /** Of a witness: its verifier key. */
    vkey: z.string(),
    /** Of a webhook: `whpk_...`, against which its receiver may check the `v1a` signature. */
    publicKey: z.string(),
    /** Of a time-stamp authority: the certificates (PEM) that its own must lead to, and the policy to ask for. */
    roots: z.string(),
    policy: z.string(),
  })
  .partial();
export type AnchorSettings = z.infer<typeof anchorSettings>;

/** A place outside our reach that checkpoints go to. Times are milliseconds since 1970. */
export interface Anchor {
  readonly id: string;
  /** Null: the checkpoints of every ledger go there. */
  readonly ledgerId: number | null;
  readonly kind: AnchorKind;
  readonly name: string;
  /** A path, a mail address, an http address, or the id of a bridge. */
  readonly target: string;
  /** The least time between two copies that nobody asked for. */
  readonly everyMs: number;
  readonly settings: AnchorSettings;
  readonly createdAt: number;
  /** The receiver said that it wants no more. */
  readonly haltedAt: number | null;
  readonly failingSince: number | null;
  readonly lastError: string | null;
  /** The row is as we wrote it; somebody else changed it in the database when this is false. */
  readonly isGenuine: boolean;
}

/** `waiting` until it is `taken`; `refused` by a receiver that knows a later or another history. */
export type CopyState = 'waiting' | 'taken' | 'refused';

/** One checkpoint on its way to one anchor, or there. */
export interface Copy {
  readonly anchorId: string;
  readonly ledgerId: number;
  readonly origin: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** The whole signed note. */
  readonly note: string;
  readonly signedAt: number;
  readonly state: CopyState;
  readonly attempts: number;
  readonly nextAt: number;
  readonly createdAt: number;
  readonly doneAt: number | null;
  /** What the receiver gave back for keeping: a time-stamp response (base64), a witness's signature lines. */
  readonly answer: string | null;
  /** As for an anchor. */
  readonly isGenuine: boolean;
}

/** What a destination gets of a checkpoint. */
export interface Outgoing {
  readonly ledger: string;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly note: string;
  readonly signedAt: number;
}

export type Outcome =
  /** It is there. */
  | { readonly kind: 'taken'; readonly answer: string | null }
  /** Not now; `isGone`: it wants no more of them at all. */
  | { readonly kind: 'failed'; readonly detail: string; readonly retryAfterMs?: number; readonly isGone?: boolean }
  /** It knows a later or another history of this log. */
  | { readonly kind: 'refused'; readonly detail: string };

/** Takes one checkpoint to where an anchor says. What it throws counts as `failed`. */
export type Send = (anchor: Anchor, outgoing: Outgoing, secret: Buffer | undefined) => Promise<Outcome>;
