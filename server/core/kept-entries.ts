/**
 * Entries that a prune leaves where they stand, because others are checked by them: where the ledger began, under which key it
 * went on, what was set aside, pruned, purged, held and erased. They are few, and hold no values of customers.
 */
export const KEPT_ACTIONS: ReadonlySet<string> = new Set([
  'audit.chain_initialised',
  'audit.key_rotated',
  'audit.event_quarantined',
  'audit.retention_changed',
  'audit.pruned',
  'audit.purge_requested',
  'audit.purged',
  'audit.uninstalled',
  'audit.hold_placed',
  'audit.hold_released',
  'audit.erasure_applied',
]);

export function isKept(action: string): boolean {
  return KEPT_ACTIONS.has(action);
}
