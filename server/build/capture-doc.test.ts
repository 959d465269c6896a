import { readFileSync } from 'node:fs';
import path from 'node:path';
import actionList from '../core/catalogue/actions.json';
import hookList from '../core/catalogue/hooks.json';
import { captureDoc, withSummary } from './capture-doc';

const root = path.join(__dirname, '..', '..');
const doc = captureDoc();

it('docs/capture.md is up to date (npm run capture-doc)', () => {
  expect(readFileSync(path.join(root, 'docs', 'capture.md'), 'utf8')).toBe(doc);
});

it('the table in the README is up to date (npm run capture-doc)', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  expect(withSummary(readme)).toBe(readme);
});

it.each(actionList.actions.map((row) => row.action))('%s stands there, captured or not', (action) => {
  expect(doc).toContain(`\`${action}\``);
});

it('names every hook point that the bridge records', () => {
  const registered = readFileSync(path.join(root, 'hooks-bridge/modules/addons/sealtrail/lib/hook-table.php'), 'utf8');
  const hooks = hookList.hooks.map((row) => row.hook).filter((hook) => registered.includes(`'${hook}' => ['role' => 'audit'`)); // prettier-ignore
  expect(hooks.length).toBeGreaterThan(100);
  expect(hooks.filter((hook) => !doc.includes(`hook \`${hook}\``))).toEqual([]);
});

it('says what cannot be caught', () => {
  const missing = doc.slice(doc.indexOf('## What cannot be caught'));
  expect(missing).toContain('credit note');
  expect(missing).toContain('AuthAdmin');
});
