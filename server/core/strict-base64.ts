/** The bytes of standard base64 with padding (RFC 4648, section 4); undefined for every other text that Node would read. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
