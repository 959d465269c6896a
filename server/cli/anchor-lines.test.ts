import type { AnchorStatus } from '../features/anchors/anchor-service';
import { anchorTroubles } from './anchor-lines';

const DAY_MS = 86_400_000;
const AT = Date.parse('2026-11-21T08:00:00Z');

function status(taken: number | undefined, more: object = {}, of: object = {}): AnchorStatus {
  const anchor = {
    isGenuine: true,
    haltedAt: null,
    failingSince: null,
    everyMs: DAY_MS,
    createdAt: AT - 30 * DAY_MS,
    ...of,
  };
  return {
    anchor,
    ledger: 'default',
    taken: taken && { doneAt: taken },
    refused: undefined,
    behind: 7,
    ...more,
  } as unknown as AnchorStatus;
}

it.each([
  ['a copy within the pause and a day', status(AT - 2 * DAY_MS), []],
  [
    'a later one',
    status(AT - 2 * DAY_MS - 1),
    ['7 entries behind, and nothing has come there since 2026-11-19T07:59:59.999Z'],
  ],
  ['none yet', status(undefined), ['7 entries behind, and nothing has come there since 2026-10-22T08:00:00.000Z']],
  ['none yet, of a new anchor', status(undefined, {}, { createdAt: AT }), []],
  ['nothing to bring', status(AT - 30 * DAY_MS, { behind: 0 }), []],
  [
    'what is failing',
    status(AT - 30 * DAY_MS, {}, { failingSince: AT, lastError: 'away' }),
    ['failing since 2026-11-21T08:00:00.000Z: away'],
  ],
])('an anchor with %s', (_, of, troubles) => {
  expect(anchorTroubles(of, AT)).toEqual(troubles);
});
