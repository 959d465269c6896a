/** Values of the digits 0-9 and a-f by their character codes; 16, which no digit has a bit of, for everything else in ASCII. */
const DIGITS = Uint8Array.from({ length: 128 }, (_none, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value < 0 ? 16 : value;
});

/** Whether a text is 64 lower-case hex digits: a SHA-256 hash as we write it. A regular expression takes twice as long. */
export function isHexHash(text: string): boolean {
  if (text.length !== 64) return false;
  let all = 0;
  for (let at = 0; at < 64; at += 1) all |= digitAt(text, at);
  return all < 16;
}

/**
 * Writes 32 bytes given as 64 lower-case hex digits to a place in `bytes`; false for every other text that Node would read: two
 * spellings of one value must not pass for the same.
 */
export function decodeHexHash(text: string, bytes: Buffer, at = 0): boolean {
  if (text.length !== 64) return false;
  let all = 0;
  for (let byte = 0; byte < 32; byte += 1) {
    const high = digitAt(text, 2 * byte);
    const low = digitAt(text, 2 * byte + 1);
    all |= high | low;
    bytes[at + byte] = (high << 4) | low;
  }
  return all < 16;
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (DIGITS[code] as number) : 16;
}
