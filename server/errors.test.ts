import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ERRORS, KnownError, type ErrorCode } from './errors';
import { PROGRAM_ROOT } from './root';

const LOCALES = path.join(PROGRAM_ROOT, 'locales');
const codes = Object.keys(ERRORS) as ErrorCode[];

describe('the error catalogue', () => {
  it('names each code once: in its own message key, and nowhere else', () => {
    const source = readFileSync(path.join(PROGRAM_ROOT, 'server', 'errors.ts'), 'utf8');
    const written = [...source.matchAll(/^ {2}(\w+): \{ status/gm)].map((match) => match[1]);
    expect(written).toEqual(codes);
    expect(new Set(written).size).toBe(written.length);
    expect(codes.map((code) => ERRORS[code].message)).toEqual(codes.map((code) => `errors:${code}`));
  });

  it('has an HTTP status for every code', () => {
    expect(codes.filter((code) => ERRORS[code].status < 400 || ERRORS[code].status > 599)).toEqual([]);
  });

  it.each(readdirSync(LOCALES))('has a text for every code in %s', (language) => {
    const file = path.join(LOCALES, language, 'errors.json');
    const texts = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
    expect(codes.filter((code) => !texts[code]?.trim())).toEqual([]);
  });
});

describe('KnownError', () => {
  it('carries code, status, detail and cause', () => {
    const cause = new Error('deadlock');
    const error = new KnownError('cannot_commit', 'the database is away', { cause });
    expect(error).toMatchObject({
      name: 'KnownError',
      code: 'cannot_commit',
      status: 503,
      detail: 'the database is away',
      cause,
    });
    expect(error.message).toBe('cannot_commit: the database is away');
    expect(new KnownError('not_found').message).toBe('not_found');
  });
});
