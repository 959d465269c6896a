import type { SendOutbound } from '../../../http/outbound-request';
import type { Send } from '../anchor';
import { checkTimeStamp } from '../time-stamp';
import { timeStampNonce, timeStampRequest } from '../time-stamp-request';
import { retryAfter } from './webhook';

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 262_144;

/** Has the bytes of the signed note stamped by an authority (RFC 3161 over HTTP) and keeps its whole answer, base64. */
export function createTimeStampSend(deps: {
  readonly outbound: SendOutbound;
  readonly randomBytes: (count: number) => Buffer;
  readonly now: () => Date;
}): Send {
  return async (anchor, { note }) => {
    const data = Buffer.from(note, 'utf8');
    const nonce = timeStampNonce(deps.randomBytes(8));
    const answer = await deps.outbound(anchor.target, {
      method: 'POST',
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      body: timeStampRequest(data, nonce),
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      allowPrivate: anchor.settings.allowPrivate ?? false,
    });
    if (answer.status !== 200) {
      const retryAfterMs = retryAfter(answer.headers['retry-after'], deps.now());
      const detail = `the authority answered ${answer.status}`;
      return { kind: 'failed', detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
    const { roots, policy } = anchor.settings;
    const checked = checkTimeStamp(answer.body, { data, nonce, roots, policy });
    if ('fault' in checked) return { kind: 'failed', detail: checked.fault };
    return { kind: 'taken', answer: answer.body.toString('base64') };
  };
}
