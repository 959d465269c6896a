import type { Actor } from '../../core/event';
import type { Right, Role } from './rights';
import 'express-session';

/** Who looks at the pages: held in the session, or told by the bridge. */
export interface Viewer {
  readonly name: string;
  readonly role: Role;
  /** Rights of a custom role; without them those of `role`. */
  readonly rights?: readonly Right[];
  readonly tenant: string;
  /** An administrator of the billing system, as its bridge tells. */
  readonly billing?: { readonly adminId: string; readonly role: string };
}

/** Somebody who has not shown who they are. */
export const UNKNOWN_ACTOR: Actor = { type: 'unknown', id: null, name: null, role: null, actingAs: null };

/** A viewer as the actor of what they do to the audit trail. */
export function actorOf(viewer: Viewer): Actor {
  const { id, role } = viewer.billing
    ? { id: viewer.billing.adminId, role: viewer.billing.role }
    : { id: viewer.name, role: viewer.role };
  return { type: 'admin', id, name: viewer.name, role, actingAs: null };
}

declare module 'express-session' {
  interface SessionData {
    viewer?: Viewer;
    /** Milliseconds. */
    signedInAt?: number;
  }
}
