/** Pieces of text of which all of `all` and none of `not` must occur. */
export interface TextGroup {
  readonly all: readonly string[];
  readonly not: readonly string[];
}

/** Free text that was asked for: any of the groups, and never what stands in `not`. */
export interface TextFilter {
  readonly any: readonly TextGroup[];
  readonly not: readonly string[];
}

/**
 * Reads what somebody typed into a search field: `refund jane` wants both, `refund !jane` not the second, `refund, chargeback` any
 * of both, `"a, b"` keeps the comma. An alternative that only excludes excludes for all: `refund, !jane`.
 */
export function parseText(value: string): TextFilter {
  const any: TextGroup[] = [];
  const not: string[] = [];
  let group: { all: string[]; not: string[] } = { all: [], not: [] };
  const close = () => {
    if (group.all.length > 0) any.push(group);
    else not.push(...group.not);
    group = { all: [], not: [] };
  };
  for (const [piece, bang, quoted, plain = ''] of value.matchAll(PIECE)) {
    if (piece === ',') close();
    else (bang === '!' ? group.not : group.all).push(quoted ?? plain);
  }
  close();
  return { any, not };
}

const PIECE = /,|(!?)(?:"([^"]+)"|([^\s,]+))/g;
