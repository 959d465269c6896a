/**
 * Entries that a prune leaves where they stand. Other entries are checked by some: where the ledger began, under which key it went
 * on, what was set aside, pruned, purged, held and erased. By others tables are: settings, roles, accesses, bridges, tokens,
 * places for checkpoints and gaps are as the last entry about them says. They are few, and hold no values of customers.
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
  'audit.settings_changed',
  'audit.role_changed',
  'audit.access_changed',
  'audit.bridge_added',
  'audit.bridge_revoked',
  'audit.token_created',
  'audit.token_revoked',
  'audit.destination_changed',
  'audit.gap_detected',
  'audit.gap_closed',
]);

export function isKept(action: string): boolean {
  return KEPT_ACTIONS.has(action);
}
