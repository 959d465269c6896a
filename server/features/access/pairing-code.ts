/** What an addon module needs to reach us: one text to paste instead of three. */
export interface Pairing {
  /** Where the billing system reaches the sidecar. */
  readonly url: string;
  readonly id: string;
  /** `whsec_...` */
  readonly secret: string;
}

const PREFIX = 'stp1.';

/** `stp1.` and base64url of `{"u":url,"i":id,"s":secret}`. It holds the secret: whoever has it can send as this bridge. */
export function pairingCode({ url, id, secret }: Pairing): string {
  return PREFIX + Buffer.from(JSON.stringify({ u: url, i: id, s: secret }), 'utf8').toString('base64url');
}
