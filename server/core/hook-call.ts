import type { JsonObject } from './canonical-json';
import type { Actor, Via } from './event';

/** What a bridge says about the request in which it saw something. */
export interface ReportedRequest {
  /** REMOTE_ADDR as PHP saw it. */
  readonly peer: string | null;
  /** Forwarding headers, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly whmcsIp: string | null;
  readonly userAgent: string | null;
  readonly via: Via | null;
  readonly script: string | null;
  readonly session: string | null;
}

interface ReportedItemBase {
  readonly id: string;
  readonly seq: string | null;
  readonly occurredAt: string;
  readonly params: JsonObject;
  readonly before: JsonObject | null;
  readonly actor: Actor;
  readonly request: ReportedRequest;
}

/** A hook point with its parameters at one moment. */
export interface HookCall extends ReportedItemBase {
  readonly kind: 'hook';
  readonly hook: string;
}

/** A change seen by comparing table rows, with no hook of its own. */
export interface TableChange extends ReportedItemBase {
  readonly kind: 'table_change';
  readonly table: string;
  readonly key: string;
  readonly after: JsonObject | null;
  /** Found by reconciliation: nothing that was reported explains it. */
  readonly unexplained?: true;
}

/** A line of WHMCS's activity log, or what the bridge has to say itself. */
export interface ActivityLine extends ReportedItemBase {
  readonly kind: 'activity';
  readonly text: string;
  /** The action that a watched request means, as the bridge found. */
  readonly watch?: string;
  /** What happened to the bridge. */
  readonly own?: string;
}

/** One item of a delivery, parsed (CONTRACT section 4). */
export type ReportedItem = HookCall | TableChange | ActivityLine;
