/** A filter takes a comma for "any of" and a leading exclamation mark for "not": a value with either cannot be filtered by. */
export function isFilterValue(value: string): boolean {
  return value !== '' && !value.includes(',') && !value.startsWith('!') && value.trim() === value;
}
