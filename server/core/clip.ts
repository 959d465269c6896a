/** The first `max` UTF-16 units of a text, never ending in half a character. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).toWellFormed();
}
