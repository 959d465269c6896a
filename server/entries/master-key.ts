import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

export class MasterKeyError extends Error {
  override name = 'MasterKeyError';
}

/** The 32 bytes of the key file (base64, one line). Throws MasterKeyError when it is missing or malformed. */
export function readMasterKey(file: string): Buffer {
  if (!existsSync(file))
    throw new MasterKeyError(
      `The master key ${file} does not exist. If this is a new installation, make it with: sealtrail init. If it is not, put back your copy of the key.`,
    );
  const text = readFileSync(file, 'utf8').trim();
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32 || key.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw new MasterKeyError(`The master key ${file} is not 32 bytes in base64.`);
  }
  return key;
}

/** Makes the key file, mode 0600, and never overwrites one. Returns whether it was made now. */
export function createMasterKey(file: string): boolean {
  if (existsSync(file)) return false;
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeSync(handle, `${randomBytes(32).toString('base64')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return true;
}

/** Whether the key lies in the folder of an embedded store: who takes a copy of it then has the trail and its key. */
export function isKeyBesideStore(keyFile: string, databaseUrl: string): boolean {
  if (!databaseUrl.startsWith('sqlite:')) return false;
  return folderOf(keyFile) === folderOf(databaseUrl.slice('sqlite:'.length));
}

export function folderOf(file: string): string {
  const folder = path.dirname(path.resolve(file));
  return existsSync(folder) ? realpathSync(folder) : folder;
}

/** Others than the owner may read the key: worth a warning. */
export function isMasterKeyExposed(file: string): boolean {
  return (statSync(file).mode & 0o077) !== 0;
}
