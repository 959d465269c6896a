import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { KnownError } from '../../errors';
import type { ActiveBridge, BridgeService } from '../access/bridge-service';
import type { CredentialService } from '../access/credential-service';
import { findDeliveryProblem, type DeliveryHeaders, type DeliveryProblem } from './verify-delivery';

export const MAX_BODY_BYTES = 5 * 1024 * 1024;

export interface SignedDelivery {
  readonly bridgeId: string;
  readonly headers: DeliveryHeaders;
  /** The bytes as received. */
  readonly body: Buffer;
  /** Content-Encoding. */
  readonly encoding: string;
  /** Where it came from, for the trail. */
  readonly ip: string | null;
}

export interface CheckedDelivery {
  readonly bridge: ActiveBridge;
  /** Inflated. */
  readonly body: Buffer;
}

/** Tells who signed a request of a bridge, and refuses everybody else. */
export interface SenderCheck {
  /** Throws KnownError. Every refusal is the same `delivery_refused`: it never says why. */
  check(delivery: SignedDelivery, at: Date): Promise<CheckedDelivery>;
}

export interface Refusal {
  /** As claimed by the sender. */
  readonly bridgeId: string;
  readonly bridge: ActiveBridge | undefined;
  readonly why: DeliveryProblem | 'unknown_bridge';
  readonly ip: string | null;
}

interface SenderCheckDeps {
  readonly bridges: BridgeService;
  readonly credentials: Pick<CredentialService, 'endRotation'>;
  readonly onRefusal: (refusal: Refusal) => void;
}

const inflate = promisify(gunzip);

export function createSenderCheck({ bridges, credentials, onRefusal }: SenderCheckDeps): SenderCheck {
  return {
    async check(delivery, at) {
      const bridge = await orLater(bridges.findActive(delivery.bridgeId), 'the database does not answer');
      if (!bridge) throw refuse(delivery, undefined, 'unknown_bridge');
      const compressed = delivery.encoding === 'gzip';
      const asSent = tryKeys(bridge, delivery.headers, delivery.body, at);
      // A sender whose HTTP layer compresses signs the body before that: the same content, so it counts as well.
      if (asSent.problem !== undefined && !(compressed && asSent.problem === 'signature'))
        throw refuse(delivery, bridge, asSent.problem);
      if (!compressed && !['', 'identity'].includes(delivery.encoding))
        throw new KnownError('bad_encoding', 'Content-Encoding must be gzip or absent');
      const body = compressed ? await unpack(delivery, bridge, asSent.problem === undefined) : delivery.body;
      const found = asSent.problem === undefined ? asSent : tryKeys(bridge, delivery.headers, body, at);
      if (found.problem !== undefined) throw refuse(delivery, bridge, found.problem);
      if (found.isNewest && bridge.secrets.length > 1)
        await orLater(credentials.endRotation(bridge), 'the older secret could not be ended');
      bridges.noteClock(bridge.id, at.getTime() - Number(delivery.headers.timestamp) * 1_000);
      return { bridge, body };
    },
  };

  async function unpack(delivery: SignedDelivery, bridge: ActiveBridge, isAuthentic: boolean): Promise<Buffer> {
    try {
      return await inflate(delivery.body, { maxOutputLength: MAX_BODY_BYTES });
    } catch (error) {
      if (!isAuthentic) throw refuse(delivery, bridge, 'signature');
      const isTooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
      throw isTooLarge
        ? new KnownError('too_large', `the body inflates to more than ${MAX_BODY_BYTES} bytes`)
        : new KnownError('bad_encoding', 'the body is not gzip', { cause: error });
    }
  }

  function refuse({ bridgeId, ip }: SignedDelivery, bridge: ActiveBridge | undefined, why: Refusal['why']): KnownError {
    onRefusal({ bridgeId, bridge, why, ip });
    return new KnownError('delivery_refused');
  }
}

/** The newest secret first: one that signs with both has the newer. */
function tryKeys(bridge: ActiveBridge, headers: DeliveryHeaders, body: Buffer, at: Date) {
  let problem: DeliveryProblem | undefined = 'signature';
  for (const [index, secret] of bridge.secrets.entries()) {
    problem = findDeliveryProblem(secret, headers, body, at);
    if (problem === undefined) return { problem, isNewest: index === 0 };
    if (problem !== 'signature') break;
  }
  return { problem, isNewest: false };
}

/** What fails here may work later: 503, and the bridge keeps what it has. */
export async function orLater<T>(work: Promise<T>, detail: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new KnownError('cannot_commit', detail, { cause: error });
  }
}
