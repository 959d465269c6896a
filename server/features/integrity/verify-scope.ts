/** Which entries somebody asks to be verified; nothing of it is all of them. */
export interface AskedScope {
  /** Only what is new since the last verification of everything that found nothing; everything, where there was none. */
  readonly isOnlyNew?: boolean | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** `admin:7` */
  readonly actor?: string | undefined;
}

/** Why nothing can be verified as it is asked for, in plain English; undefined where it can. */
export function scopeFault({ isOnlyNew, from, to, actor }: AskedScope): string | undefined {
  if (isReversed({ from, to })) return `from: ${from} is larger than to: ${to}`;
  if (isOnlyNew && [from, to, actor].some((one) => one !== undefined))
    return 'what is new is verified as a whole: leave out from, to and actor';
  return undefined;
}

export function isReversed({ from, to }: Pick<AskedScope, 'from' | 'to'>): boolean {
  return from !== undefined && to !== undefined && from > to;
}
