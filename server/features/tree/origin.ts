import { isKeyName } from '../../core/note-key';

/**
 * The name of a ledger's log: `sealtrail/<installation>/<ledger>`, its successors end in `/2`, `/3` and so on. `installation`
 * is the UUID of the genesis entry. The ledger is written as in an address, so that no slash or space of it makes two names
 * alike.
 */
export function formatOrigin(installation: string, ledger: string): string {
  return `sealtrail/${installation}/${encodeURIComponent(ledger)}`;
}

export interface Origin {
  /** The first origin of the log. */
  readonly base: string;
  readonly number: number;
}

/** Undefined for what is no origin of ours. */
export function parseOrigin(origin: string): Origin | undefined {
  const match = /^(sealtrail\/[^/]+\/[^/]+)(?:\/([2-9]|[1-9]\d{1,8}))?$/.exec(origin);
  if (match?.[1] === undefined || !isKeyName(origin)) return undefined;
  return { base: match[1], number: Number(match[2] ?? '1') };
}

/** The origin behind both: of the log of `current`, whose latest may be another one, or of a log that it replaces. */
export function originAfter(current: string, latest: string): string {
  const ours = parseOrigin(current);
  const theirs = parseOrigin(latest);
  if (!ours) throw new Error(`${current} is no origin of a ledger`);
  return `${ours.base}/${Math.max(ours.number, theirs?.base === ours.base ? theirs.number : 1) + 1}`;
}
