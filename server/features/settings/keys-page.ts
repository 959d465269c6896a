import { formatDuration, formatNumber, showTime, type PageContext, type ShownTime } from '../../http/page-context';
import { MAX_EPOCH_DAYS, type EpochState, type EpochView } from '../keys/key-service';

const DAY_MS = 86_400_000;

export interface KeyFacts {
  readonly epochs: readonly EpochView[];
  /** Sequence number of the newest entry. */
  readonly size: number;
  /** Of the master key; tells nothing about it. */
  readonly fingerprint: string;
  readonly keyFile: { readonly isBesideStore: boolean; readonly isExposed: boolean };
  readonly mayManage: boolean;
  /** Why a rotation that was asked for did not happen, or the epoch that one has opened. */
  readonly problem: { readonly what: 'confirm' | 'stopped' } | null;
  readonly rotatedTo: number | null;
}

export interface KeysPage {
  readonly title: string;
  readonly fingerprint: string;
  readonly warnings: readonly string[];
  readonly epochs: readonly {
    readonly epoch: string;
    readonly state: string;
    readonly mark: 'success' | 'warning' | 'quiet';
    readonly opened: ShownTime;
    readonly age: string;
    readonly range: string;
    readonly entries: string;
    readonly checkValue: string;
  }[];
  readonly notice: string;
  readonly locked: string;
  readonly rotate: { readonly action: string; readonly problem: string };
  readonly sheetCommand: string;
  readonly retireCommand: string;
}

export function keysPage(facts: KeyFacts, ctx: PageContext): KeysPage {
  const { t, url } = ctx;
  const newest = facts.epochs.at(-1);
  const closed = facts.epochs.find((epoch) => epoch.state === 'closed');
  const { rotatedTo } = facts;
  return {
    title: t('settings:nav.keys'),
    fingerprint: facts.fingerprint,
    warnings: warningsOf(facts, ctx),
    epochs: facts.epochs.toReversed().map((epoch) => ({
      epoch: formatNumber(epoch.epoch, ctx),
      state: stateInWords(epoch.state, ctx),
      mark:
        epoch.state === 'open' ? 'success' : epoch.state === 'wrong' || epoch.state === 'missing' ? 'warning' : 'quiet',
      opened: showTime(epoch.opened_at, ctx),
      age: formatDuration(Math.max(0, ctx.now.getTime() - Date.parse(epoch.opened_at)), ctx),
      range: t('settings:keys.range', {
        from: formatNumber(epoch.first_seq, ctx),
        to: formatNumber(epoch.last_seq ?? facts.size, ctx),
      }),
      entries: formatNumber(Math.max(0, (epoch.last_seq ?? facts.size) - epoch.first_seq + 1), ctx),
      checkValue: epoch.check_value ?? '',
    })),
    notice:
      rotatedTo !== null && newest?.epoch === rotatedTo
        ? t('settings:keys.rotated', { epoch: formatNumber(rotatedTo, ctx) })
        : '',
    locked: facts.mayManage ? '' : t('settings:locked_keys'),
    rotate: {
      action: url('/settings/keys/rotate'),
      problem: facts.problem ? t(`settings:keys.problem.${facts.problem.what}`) : '',
    },
    sheetCommand: 'sealtrail keys recovery-sheet --format html > recovery-sheet.html',
    retireCommand: `sealtrail keys retire ${closed?.epoch ?? 'EPOCH'} --checkpoint FILE --yes`,
  };
}

function stateInWords(state: EpochState, { t }: PageContext): string {
  switch (state) {
    case 'open':
      return t('settings:keys.state.open');
    case 'closed':
      return t('settings:keys.state.closed');
    case 'retired':
      return t('settings:keys.state.retired');
    case 'wrong':
      return t('settings:keys.state.wrong');
    case 'missing':
      return t('settings:keys.state.missing');
  }
}

function warningsOf({ epochs, keyFile }: KeyFacts, ctx: PageContext): string[] {
  const { t } = ctx;
  const newest = epochs.at(-1);
  const days = newest ? Math.floor((ctx.now.getTime() - Date.parse(newest.opened_at)) / DAY_MS) : 0;
  return [
    ...(keyFile.isBesideStore ? [t('settings:keys.warning.beside')] : []),
    ...(keyFile.isExposed ? [t('settings:keys.warning.exposed')] : []),
    ...(days > MAX_EPOCH_DAYS ? [t('settings:keys.warning.old', { count: days })] : []),
    ...(epochs.some(({ state }) => state === 'wrong' || state === 'missing') ? [t('settings:keys.warning.key')] : []),
  ];
}
