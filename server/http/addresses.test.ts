import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROGRAM_ROOT } from '../root';

// The same pages are served at `/` and inside the billing system, so that only the URL builder may write an address.

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(path.join(PROGRAM_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name));
}

const read = (file: string) => readFileSync(path.join(PROGRAM_ROOT, file), 'utf8');

it.each(filesIn('views', '.ejs'))('%s writes no address itself', (file) => {
  const attributes = read(file).matchAll(/\s(href|src|action|formaction|srcset|poster|data-waiting)="([^"]*)"/g);
  const written = [...attributes].map(([, , value = '']) => value).filter((value) => !/^(<%= |#)/.test(value));
  expect(written).toEqual([]);
});

it.each(filesIn('views', '.ejs'))('%s sends no form without the tokens that prove it to be ours', (file) => {
  for (const [form] of read(file).matchAll(/<form[^>]*method="post"[\s\S]*?<\/form>/g))
    expect(form).toMatch(/include\('(\.\.\/partials\/)?form-tokens'\)/);
});

it.each(filesIn('server/features', '.ts'))('%s makes addresses with the URL builder', (file) => {
  const text = read(file);
  expect([...text.matchAll(/\b(?:href|action|src)\w*: ['"`]\//gi)].map(([found]) => found)).toEqual([]);
  expect([...text.matchAll(/redirect\((?:\d+, )?['"`]/g)].map(([found]) => found)).toEqual([]);
});

it.each(filesIn('public', '.js').concat(filesIn('public', '.css').filter((file) => !file.includes('vendor'))))(
  '%s knows no address of ours',
  (file) => {
    const text = read(file)
      .replaceAll(/url\("data:[^"]*"\)/g, '')
      .replaceAll(/^\s*\/[/*].*$/gm, '');
    expect([...text.matchAll(/['"`(]\/[a-z][\w/-]*/g)].map(([found]) => found)).toEqual([]);
    expect(text).not.toContain('url(');
  },
);
