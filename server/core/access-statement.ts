import type { JsonObject } from './canonical-json';

/** Entries that say what people may do, as far as the program itself wrote them. */
export const ACCESS_ACTIONS = ['audit.role_changed', 'audit.access_changed'] as const;

/** What such an entry says. `role` and `meaning` are null where nothing is given any more, or the role is gone. */
export type AccessStatement =
  | {
      readonly kind: 'person';
      /** Empty for a sign-in of our own. */
      readonly bridgeId: string;
      readonly ref: string;
      readonly role: string | null;
    }
  | { readonly kind: 'mapping'; readonly billingRole: string; readonly role: string | null }
  | {
      readonly kind: 'role';
      readonly id: string;
      /** `rights` is a comma list. */
      readonly meaning: { readonly name: string; readonly rights: string } | null;
    };

/** `action` is one of ACCESS_ACTIONS, `targetId` and `payload` those of its sealed record. */
export function readAccessStatement(action: string, targetId: string | null, payload: JsonObject): AccessStatement {
  const textOf = (name: string) => (typeof payload[name] === 'string' ? payload[name] : null);
  const target = targetId ?? '';
  if (action === 'audit.access_changed')
    return { kind: 'person', bridgeId: textOf('bridge_id') ?? '', ref: target, role: textOf('role') };
  if (payload['kind'] === 'mapping') return { kind: 'mapping', billingRole: target, role: textOf('role') };
  const rights = textOf('rights');
  return { kind: 'role', id: target, meaning: rights === null ? null : { name: textOf('name') ?? '', rights } };
}
