import type { Actor } from '../../core/event';
import type { Right, Role } from './rights';
import 'express-session';

/** Who looks at a page, with the rights they have at this moment. */
export interface Viewer {
  readonly name: string;
  readonly role: Role;
  /** The name of a custom role; `role` is the least one then, and `rights` says what counts. */
  readonly roleName?: string;
  /** Rights of a custom role; without them those of `role`. */
  readonly rights?: readonly Right[];
  readonly tenant: string;
  /** An administrator of the billing system, as its bridge tells. */
  readonly billing?: { readonly adminId: string; readonly role: string };
}

/** What a session keeps: who signed in by which kind of link. What they may do is looked up at each request. */
export interface SignedIn {
  readonly name: string;
  /** A built-in role or the id of a custom one. */
  readonly role: string;
  readonly tenant: string;
}

/** Somebody who has not shown who they are. */
export const UNKNOWN_ACTOR: Actor = { type: 'unknown', id: null, name: null, role: null, actingAs: null };

/** A viewer as the actor of what they do to the audit trail. */
export function actorOf(viewer: Viewer): Actor {
  const { id, role } = viewer.billing
    ? { id: viewer.billing.adminId, role: viewer.billing.role }
    : { id: viewer.name, role: viewer.roleName ?? viewer.role };
  return { type: 'admin', id, name: viewer.name, role, actingAs: null };
}

declare module 'express-session' {
  interface SessionData {
    viewer?: SignedIn;
    /** Milliseconds since 1970. */
    signedInAt?: number;
  }
}
