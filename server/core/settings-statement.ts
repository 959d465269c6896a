import type { JsonObject } from './canonical-json';
import type { Change } from './event';

export const SETTINGS_ACTION = 'audit.settings_changed';

/** One of the values that such an entry says were set. */
export interface SettingStatement {
  readonly name: string;
  /** As it stands in the table; of a secret, the SHA-256 of what stands there, in hex. Empty where it was taken away. */
  readonly after: string;
  readonly isSecret: boolean;
}

/** `changes` and `payload` are those of its sealed record. */
export function readSettingStatements(changes: readonly Change[], payload: JsonObject): SettingStatement[] {
  const sealed = (payload['sealed'] ?? {}) as Readonly<Record<string, string>>;
  return changes.map(({ field, after }) => {
    const isSecret = Object.hasOwn(sealed, field);
    // A secret that was taken away leaves the digest of nothing.
    const value = isSecret && after !== '' ? (sealed[field] ?? '') : typeof after === 'string' ? after : '';
    return { name: field, after: value, isSecret };
  });
}
