import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMasterKey, isMasterKeyExposed, MasterKeyError, readMasterKey } from './master-key';

const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-key-'));
let count = 0;
const newFile = () => path.join(folder, `key-${(count += 1)}`);

function fileWith(text: string | Buffer): string {
  const file = newFile();
  writeFileSync(file, text);
  return file;
}

const modeOf = (file: string) => statSync(file).mode & 0o777;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('createMasterKey', () => {
  it('makes a key that nobody but the owner can read, also under a lax umask', () => {
    const before = process.umask(0);
    try {
      const file = path.join(newFile(), 'inner', 'master.key');
      expect(createMasterKey(file)).toBe(true);
      expect([modeOf(file), modeOf(path.dirname(file))]).toEqual([0o600, 0o700]);
      expect(isMasterKeyExposed(file)).toBe(false);
    } finally {
      process.umask(before);
    }
  });

  it('makes 32 bytes that can be read back, others each time', () => {
    const files = [newFile(), newFile()];
    files.forEach((file) => createMasterKey(file));
    const keys = files.map((file) => readMasterKey(file));
    expect(keys.map((key) => key.length)).toEqual([32, 32]);
    expect(keys[0]).not.toEqual(keys[1]);
  });

  it.each([
    ['another key', Buffer.alloc(32, 1).toString('base64')],
    ['what is no key', 'x'],
    ['nothing', ''],
  ])('never overwrites a file with %s', (_name, text) => {
    const file = fileWith(text);
    expect(createMasterKey(file)).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('never writes through a link that leads nowhere', () => {
    const link = newFile();
    const elsewhere = newFile();
    symlinkSync(elsewhere, link);
    expect(() => createMasterKey(link)).toThrow('EEXIST');
    expect(() => statSync(elsewhere)).toThrow('ENOENT');
  });
});

describe('readMasterKey', () => {
  const text = Buffer.from(Array.from({ length: 32 }, (_, at) => 251 - at)).toString('base64');

  it.each([
    ['a line end', `${text}\n`],
    ['a Windows line end', `${text}\r\n`],
    ['spaces around it', `  ${text}  `],
    ['no padding', text.replace(/=+$/, '')],
  ])('takes a key with %s', (_name, content) => {
    expect(readMasterKey(fileWith(content)).toString('base64')).toBe(text);
  });

  it('says how to make a key that is missing', () => {
    expect(() => readMasterKey(newFile())).toThrow(MasterKeyError);
    expect(() => readMasterKey(newFile())).toThrow('sealtrail init');
  });

  it.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['white space', ' \n'],
    ['31 bytes', Buffer.alloc(31, 1).toString('base64')],
    ['33 bytes', Buffer.alloc(33, 1).toString('base64')],
    ['64 bytes', Buffer.alloc(64, 1).toString('base64')],
    ['32 raw bytes', Buffer.alloc(32, 0x81)],
    ['hex', Buffer.alloc(32, 1).toString('hex')],
    ['base64 of the URL kind', text.replace(/\+/g, '-').replace(/\//g, '_')],
    ['a letter that base64 does not know', `${text.slice(0, 10)}!${text.slice(10)}`],
    ['a space inside', `${text.slice(0, 10)} ${text.slice(10)}`],
    ['two keys', `${text}\n${text}\n`],
    ['a comment', `# master key\n${text}\n`],
    ['a byte order mark of UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
  ])('refuses a file with %s, and does not print it', (_name, content) => {
    const file = fileWith(content);
    expect(() => readMasterKey(file)).toThrow(MasterKeyError);
    expect(() => readMasterKey(file)).toThrow(`The master key ${file} is not 32 bytes in base64.`);
  });

  it('throws for a folder', () => {
    const file = newFile();
    mkdirSync(file);
    expect(() => readMasterKey(file)).toThrow();
  });
});

describe('isMasterKeyExposed', () => {
  it.each([
    [0o600, false],
    [0o400, false],
    [0o640, true],
    [0o604, true],
    [0o660, true],
    [0o620, true],
  ])('for the mode %o says %s', (mode, exposed) => {
    const file = fileWith('x');
    chmodSync(file, mode);
    expect(isMasterKeyExposed(file)).toBe(exposed);
  });
});
