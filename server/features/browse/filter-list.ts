/** Values of one filter: any of `is`, none of `not`. */
export interface Terms {
  readonly is: readonly string[];
  readonly not: readonly string[];
}

/**
 * Reads a comma list; a leading `!` means "not". A value in double quotes may hold commas and a leading `!`, and `""` stands for a
 * quote in it: `"Doe, Jane",!"a ""b"""`. A quote that nothing closes is a letter like any other. Each value is given once: the
 * search reads one run of an index for each.
 */
export function splitTerms(value: string): Terms {
  const is = new Set<string>();
  const not = new Set<string>();
  for (const [, bang, quoted, plain = ''] of value.matchAll(PART)) {
    const text = quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"');
    if (text !== '') (bang === '!' ? not : is).add(text);
  }
  return { is: [...is], not: [...not] };
}

/** A value as `splitTerms` reads it back, whatever stands in it. */
export function quoteTerm(value: string): string {
  return /^[\s!"]|,|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const PART = /(?<=^|,)\s*(!?)\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))/g;
