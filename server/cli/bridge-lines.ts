import { MAX_DRIFT_MS, SILENT_MS, type BridgeState } from '../features/monitor/bridge-watch-service';

/** What a person should look at, in words. The server records silence and gaps; here the same is seen without it. */
export function bridgeTroubles(state: BridgeState, at: number): string[] {
  const { lastSeenAt, outbox } = state;
  return [
    ...(lastSeenAt === null ? ['not heard yet'] : []),
    ...(lastSeenAt !== null && at - lastSeenAt >= SILENT_MS ? [`silent for ${duration(at - lastSeenAt)}`] : []),
    ...(state.isPaused ? ['paused'] : []),
    ...(state.gaps > 0 ? [`${state.gaps} ${state.gaps === 1 ? 'gap' : 'gaps'}, ${state.missing} missing`] : []),
    ...(outbox && outbox.parked > 0 ? [`${outbox.parked} parked`] : []),
    ...(outbox?.oldestAt && at - outbox.oldestAt >= SILENT_MS ? [`the oldest item waits for ${duration(at - outbox.oldestAt)}`] : []), // prettier-ignore
    ...(Math.abs(state.clockDriftMs ?? 0) > MAX_DRIFT_MS ? [`its clock is off by ${duration(Math.abs(state.clockDriftMs ?? 0))}`] : []), // prettier-ignore
  ];
}

/** How a bridge stands: when it was heard, and what waits there as far as it told. */
export function bridgeSummary({ lastSeenAt, outbox, gaps }: BridgeState, at: number): string[] {
  return [
    lastSeenAt === null ? 'not heard yet' : `heard ${duration(at - lastSeenAt)} ago`,
    ...(outbox ? [`${outbox.pending} waiting${outbox.oldestAt ? ` (the oldest for ${duration(at - outbox.oldestAt)})` : ''}`] : []), // prettier-ignore
    ...(outbox && outbox.spooled > 0 ? [`${outbox.spooled} in files`] : []),
    ...(outbox ? [`${outbox.parked} parked`] : []),
    `${gaps} ${gaps === 1 ? 'gap' : 'gaps'}`,
  ];
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
