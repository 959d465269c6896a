import type { Actor } from '../../core/event';
import 'express-session';

/** Who looks at the pages: held in the session, or told by the bridge. */
export interface Viewer {
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  /** An administrator of the billing system, as its bridge tells. */
  readonly billing?: { readonly adminId: string; readonly role: string };
}

export const ROLES = ['super_admin', 'compliance_officer', 'auditor', 'standard_user'] as const;
export type Role = (typeof ROLES)[number];

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
  }
}
