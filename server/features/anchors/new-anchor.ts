import { readFileSync } from 'node:fs';
import path from 'node:path';
import { COSIGNATURE, parseVkey } from '../../core/note-key';
import type { Ledger } from '../../entries/entry-store';
import type { AnchorKind, AnchorSettings } from './anchor';
import { readPem } from './certificate-path';

/** What an operator says of a new anchor. */
export interface AnchorRequest {
  readonly kind: Exclude<AnchorKind, 'bridge'>;
  readonly target: string;
  readonly name?: string | undefined;
  /** Undefined: of every ledger. */
  readonly ledger?: Ledger | undefined;
  readonly everyMs?: number | undefined;
  readonly allowPrivate?: boolean | undefined;
  readonly vkey?: string | undefined;
  /** A file of certificates in PEM. */
  readonly rootsFile?: string | undefined;
  readonly policy?: string | undefined;
}

/** It cannot be an anchor; the message says why, for the operator. */
export class AnchorRequestError extends Error {
  override name = 'AnchorRequestError';
}

export interface CheckedRequest {
  readonly name: string;
  readonly target: string;
  readonly everyMs: number;
  readonly settings: AnchorSettings;
}

/** Nobody reads a mail for every quarter of an hour, and an authority may charge for each stamp. */
const USUAL_PAUSE_MS: Readonly<Record<AnchorRequest['kind'], number>> = {
  file: 0,
  mail: 24 * 3_600_000,
  webhook: 0,
  tsa: 3_600_000,
  witness: 0,
};

/** Throws AnchorRequestError. */
export function checkRequest(request: AnchorRequest): CheckedRequest {
  const { kind, allowPrivate, vkey, rootsFile, policy } = request;
  refuseOption(kind !== 'witness' && vkey !== undefined, '--vkey is for a witness');
  refuseOption(kind !== 'tsa' && (rootsFile !== undefined || policy !== undefined), '--ca and --policy are for a time-stamp authority'); // prettier-ignore
  refuseOption((kind === 'file' || kind === 'mail') && allowPrivate === true, '--allow-private is for an address on the network'); // prettier-ignore
  const target = TARGETS[kind](request.target);
  return {
    name: request.name ?? nameOf(kind, target, vkey),
    target,
    everyMs: request.everyMs ?? USUAL_PAUSE_MS[kind],
    settings: {
      ...(allowPrivate ? { allowPrivate } : {}),
      ...(kind === 'witness' ? { vkey: witnessKey(vkey) } : {}),
      ...(rootsFile === undefined ? {} : { roots: readRoots(rootsFile) }),
      ...(policy === undefined ? {} : { policy }),
    },
  };
}

const TARGETS: Readonly<Record<AnchorRequest['kind'], (target: string) => string>> = {
  file: (target) => path.resolve(target),
  mail(target) {
    refuseOption(!/^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(target), `${target} is no mail address`);
    return target;
  },
  webhook: httpAddress,
  tsa: httpAddress,
  witness: (target) => httpAddress(target).replace(/\/+$/, ''),
};

function httpAddress(target: string): string {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  refuseOption(!url || !['http:', 'https:'].includes(url.protocol), `${target} is no http or https address`);
  refuseOption(url?.username !== '' || url.password !== '', 'an address must not hold a user or a password: it is shown to everybody who may see this list'); // prettier-ignore
  return target;
}

function witnessKey(vkey: string | undefined): string {
  const key = vkey === undefined ? undefined : parseVkey(vkey);
  if (vkey === undefined || key?.type !== COSIGNATURE)
    throw new AnchorRequestError('a witness needs --vkey with its verifier key, of the type for cosignatures (0x04)');
  return vkey;
}

function readRoots(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (readPem(text).length > 0) return text;
  } catch (error) {
    throw new AnchorRequestError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  throw new AnchorRequestError(`${file} holds no certificate in PEM`);
}

function nameOf(kind: AnchorRequest['kind'], target: string, vkey: string | undefined): string {
  if (kind === 'witness') return (vkey ?? '').split('+')[0] ?? '';
  if (kind === 'file') return path.basename(target);
  return kind === 'mail' ? target : new URL(target).host;
}

function refuseOption(isWrong: boolean, message: string): void {
  if (isWrong) throw new AnchorRequestError(message);
}
