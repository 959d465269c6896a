import type { Change } from '../../core/event';
import { revealText, type PageContext } from '../../http/page-context';
import { areFlags, humanValue, type HumanValue } from './human-value';
import { diffWords, type Segment } from './word-diff';

/** One side of a change: words, or a remark that stands for them ("(empty)"). */
export interface ChangeSide {
  readonly remark: string;
  readonly segments: readonly Segment[];
  /** As it was recorded, where the words are others. */
  readonly original: string;
}

export interface ChangeLine {
  /** As the hook calls it; never translated. */
  readonly field: string;
  readonly before: ChangeSide;
  readonly after: ChangeSide;
}

export function changeLines(changes: readonly Change[], ctx: PageContext): ChangeLine[] {
  return changes.map(({ field, before, after }) => {
    const isFlag = areFlags(before, after);
    const [old, now] = [humanValue(field, before, ctx, isFlag), humanValue(field, after, ctx, isFlag)];
    const words = diffWords(old.text, now.text, ctx.lng);
    const side = ({ remark, original }: HumanValue, other: Segment['kind']): ChangeSide => ({
      remark,
      segments: words.filter(({ kind }) => kind !== other),
      original,
    });
    return { field: revealText(field), before: side(old, 'added'), after: side(now, 'removed') };
  });
}
