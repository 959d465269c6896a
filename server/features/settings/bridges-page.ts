import {
  formatDuration,
  formatNumber,
  revealText,
  showTime,
  type PageContext,
  type ShownTime,
} from '../../http/page-context';
import type { BridgeRow } from '../access/bridge-service';
import type { BridgeState } from '../monitor/bridge-watch-service';

/** What was wrong with a form that was sent. */
export type BridgeProblem = 'name' | 'name_taken' | 'url' | 'rotate' | 'revoke';

export interface BridgeFacts {
  readonly rows: readonly BridgeRow[];
  readonly states: readonly BridgeState[];
  readonly mayManage: boolean;
  /** A code that was made just now; it is never shown again. */
  readonly made: { readonly name: string; readonly code: string; readonly isRotation: boolean } | null;
  readonly sent: { readonly name: string; readonly url: string } | null;
  readonly url: string;
  readonly problem: { readonly what: BridgeProblem; readonly id: string | null } | null;
}

interface ShownBridge {
  readonly id: string;
  readonly name: string;
  readonly state: { readonly mark: 'success' | 'warning' | 'quiet'; readonly text: string };
  readonly seen: ShownTime | null;
  readonly waiting: string;
  readonly versions: readonly string[];
  readonly gaps: string;
  readonly notes: readonly string[];
  readonly rotateAction: string;
  readonly revokeAction: string;
  readonly rotateProblem: string;
  readonly revokeProblem: string;
}

export interface BridgesPage {
  readonly title: string;
  readonly bridges: readonly ShownBridge[];
  readonly revoked: readonly { readonly name: string; readonly id: string; readonly when: ShownTime }[];
  readonly locked: string;
  readonly made: { readonly title: string; readonly code: string } | null;
  readonly pair: {
    readonly action: string;
    readonly name: string;
    readonly url: string;
    readonly problem: string;
    readonly urlProblem: string;
  };
}

export function bridgesPage(facts: BridgeFacts, ctx: PageContext): BridgesPage {
  const { t, url } = ctx;
  const { problem, made } = facts;
  const states = new Map(facts.states.map((state) => [state.id, state]));
  const said = problem ? t(`settings:bridges.problem.${problem.what}`) : '';
  const isPairing = problem !== null && problem.id === null;
  return {
    title: t('settings:nav.bridges'),
    bridges: facts.rows
      .filter((row) => row.revoked_at === null)
      .map((row) => shownBridge(row, states.get(row.id), problem?.id === row.id ? { [problem.what]: said } : {}, ctx)),
    revoked: facts.rows.flatMap((row) =>
      row.revoked_at === null ? [] : [{ name: revealText(row.name), id: row.id, when: showTime(row.revoked_at, ctx) }],
    ),
    locked: facts.mayManage ? '' : t('settings:locked_bridges'),
    made: made && {
      title: t(made.isRotation ? 'settings:bridges.rotated' : 'settings:bridges.paired', {
        name: revealText(made.name),
      }),
      code: made.code,
    },
    pair: {
      action: url('/settings/bridges'),
      name: facts.sent?.name ?? '',
      url: facts.sent?.url ?? facts.url,
      problem: isPairing && problem.what !== 'url' ? said : '',
      urlProblem: isPairing && problem.what === 'url' ? said : '',
    },
  };
}

function shownBridge(
  row: BridgeRow,
  state: BridgeState | undefined,
  problems: Partial<Record<BridgeProblem, string>>,
  ctx: PageContext,
): ShownBridge {
  const { t } = ctx;
  const outbox = state?.outbox ?? null;
  const oldest = outbox?.oldestAt ?? null;
  return {
    id: row.id,
    name: revealText(row.name),
    state: stateOf(row, state, ctx),
    seen: row.last_seen_at === null ? null : showTime(row.last_seen_at, ctx),
    waiting:
      outbox === null
        ? t('settings:bridges.not_told')
        : oldest === null || outbox.pending === 0
          ? formatNumber(outbox.pending, ctx)
          : t('settings:bridges.waiting', {
              items: formatNumber(outbox.pending, ctx),
              age: formatDuration(Math.max(0, ctx.now.getTime() - oldest), ctx),
            }),
    versions: [
      ...(row.bridge_version === null ? [] : [t('settings:bridges.version', { version: revealText(row.bridge_version) })]), // prettier-ignore
      ...(row.whmcs === null ? [] : [`WHMCS ${revealText(row.whmcs)}`]),
    ],
    gaps:
      state === undefined || state.gaps === 0
        ? t('settings:bridges.no_gaps')
        : t('settings:bridges.gaps', {
            gaps: formatNumber(state.gaps, ctx),
            missing: formatNumber(state.missing, ctx),
          }),
    notes: [
      ...(row.rotated_at === null
        ? []
        : [t('settings:bridges.rotating', { when: showTime(row.rotated_at, ctx).local })]),
      ...(outbox !== null && outbox.parked > 0 ? [t('settings:bridges.parked', { items: formatNumber(outbox.parked, ctx) })] : []), // prettier-ignore
    ],
    rotateAction: ctx.url(`/settings/bridges/${row.id}/rotate`),
    revokeAction: ctx.url(`/settings/bridges/${row.id}/revoke`),
    rotateProblem: problems.rotate ?? '',
    revokeProblem: problems.revoke ?? '',
  };
}

function stateOf(row: BridgeRow, state: BridgeState | undefined, { t }: PageContext): ShownBridge['state'] {
  if (row.last_seen_at === null) return { mark: 'quiet', text: t('settings:bridges.state.new') };
  if (state?.isSilent) return { mark: 'warning', text: t('settings:bridges.state.silent') };
  if (state?.isPaused) return { mark: 'warning', text: t('settings:bridges.state.paused') };
  if (state !== undefined && state.gaps > 0) return { mark: 'warning', text: t('settings:bridges.state.gaps') };
  return { mark: 'success', text: t('settings:bridges.state.heard') };
}
