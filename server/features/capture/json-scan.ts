/** One element of the `events` array as it stands in the text. */
export interface ItemSpan {
  readonly start: number;
  readonly end: number;
  /** Members named inside the item, nested ones included; more than the parsed item has means a duplicate key. */
  readonly members: number;
  /** Some number has a fraction, an exponent or more digits than a double surely keeps. */
  readonly hasInexactNumber: boolean;
  /** How many objects and lists stand inside each other, the item itself included; 0 for a scalar. */
  readonly depth: number;
}

export interface Scan {
  readonly items: readonly ItemSpan[];
  /** Members of the outermost object. */
  readonly topMembers: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** A double keeps 15 significant decimal digits whatever they are. */
const SAFE_NUMBER_LENGTH = 15;

/**
 * Finds the items of a delivery in its text, with what JSON.parse does not tell: duplicate keys (RFC 8259 section 4 leaves
 * them open) and digits that a double would lose. `text` must be valid JSON.
 */
export function scanDelivery(text: string): Scan {
  const items: ItemSpan[] = [];
  let depth = 0;
  let topMembers = 0;
  let lastString = '';
  let inEvents = false;
  let item: { start: number; members: number; hasInexactNumber: boolean; depth: number } | undefined;

  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (depth === 1) lastString = text.slice(at + 1, end);
      if (depth === 2 && inEvents)
        items.push({ start: at, end: end + 1, members: 0, hasInexactNumber: false, depth: 0 });
      at = end;
    } else if (code === COLON) {
      if (depth === 1) topMembers += 1;
      if (item) item.members += 1;
      if (depth === 1) inEvents = lastString === 'events';
    } else if (code === 0x7b || code === 0x5b) {
      if (depth === 2 && inEvents) item = { start: at, members: 0, hasInexactNumber: false, depth: 0 };
      depth += 1;
      if (item) item.depth = Math.max(item.depth, depth - 2);
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth === 2 && item) {
        items.push({ ...item, end: at + 1 });
        item = undefined;
      }
      if (depth === 1) inEvents = false;
    } else if (isScalarStart(code)) {
      const end = endOfScalar(text, at);
      if (item && (end - at > SAFE_NUMBER_LENGTH || hasFraction(text, at, end))) item.hasInexactNumber = true;
      if (depth === 2 && inEvents) items.push({ start: at, end, members: 0, hasInexactNumber: false, depth: 0 });
      at = end - 1;
    }
  }
  return { items, topMembers };
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

/** A number, true, false or null. */
function isScalarStart(code: number): boolean {
  return code === 0x2d || (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a);
}

/** Whether a number has a point or an exponent. */
function hasFraction(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start) >= 0x61) return false; // true, false, null
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2e || code === 0x65 || code === 0x45) return true;
  }
  return false;
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x7d || code === 0x5d || code <= 0x20) break;
    at += 1;
  }
  return at;
}
