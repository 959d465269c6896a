import type { BridgeState } from '../features/monitor/bridge-watch-service';
import { bridgeSummary, bridgeTroubles } from './bridge-lines';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const MINUTE = 60_000;

function aBridge(parts: Partial<BridgeState> = {}): BridgeState {
  const outbox = { at: NOW, pending: 0, parked: 0, spooled: 0, oldestAt: null };
  return { id: 'b', tenantId: 1, name: 'billing', lastSeenAt: NOW - 4_000, isSilent: false, isPaused: false, clockDriftMs: 0, outbox, gaps: 0, missing: 0, ...parts }; // prettier-ignore
}
const outbox = (parts: Partial<NonNullable<BridgeState['outbox']>>) => ({ outbox: { at: NOW, pending: 0, parked: 0, spooled: 0, oldestAt: null, ...parts } }); // prettier-ignore

it.each<[string, Partial<BridgeState>, string[]]>([
  ['well', {}, []],
  ['never heard', { lastSeenAt: null, outbox: null }, ['not heard yet']],
  ['quiet for 19 minutes', { lastSeenAt: NOW - 19 * MINUTE }, []],
  ['silent', { lastSeenAt: NOW - 95 * MINUTE }, ['silent for 95 min']],
  ['silent for long', { lastSeenAt: NOW - 5 * 1_440 * MINUTE }, ['silent for 5 days']],
  ['paused', { isPaused: true }, ['paused']],
  ['lacking items', { gaps: 1, missing: 7 }, ['1 gap, 7 missing']],
  ['holding items back', outbox({ parked: 2 }), ['2 parked']],
  ['a little late', outbox({ pending: 3, oldestAt: NOW - 10 * MINUTE }), []],
  ['late', outbox({ pending: 3, oldestAt: NOW - 3 * 60 * MINUTE }), ['the oldest item waits for 3 h']],
  ['with a wrong clock', { clockDriftMs: -150_000 }, ['its clock is off by 3 min']],
  ['in all kinds of trouble', { lastSeenAt: NOW - 60 * MINUTE, gaps: 2, missing: 3, ...outbox({ parked: 1 }) }, ['silent for 60 min', '2 gaps, 3 missing', '1 parked']],
])('the troubles of a bridge that is %s', (_name, parts, expected) => {
  expect(bridgeTroubles(aBridge(parts), NOW)).toEqual(expected);
}); // prettier-ignore

it.each<[Partial<BridgeState>, string]>([
  [{}, 'heard 4 s ago, 0 waiting, 0 parked, 0 gaps'],
  [{ lastSeenAt: null, outbox: null }, 'not heard yet, 0 gaps'],
  [{ gaps: 1, ...outbox({ pending: 12, parked: 1, spooled: 3, oldestAt: NOW - 5 * MINUTE }) }, 'heard 4 s ago, 12 waiting (the oldest for 5 min), 3 in files, 1 parked, 1 gap'],
])('%j is told as %j', (parts, expected) => {
  expect(bridgeSummary(aBridge(parts), NOW).join(', ')).toBe(expected);
}); // prettier-ignore
