import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { PROGRAM_ROOT } from '../root';

const folder = path.join(PROGRAM_ROOT, 'public');
const packed = (file: string) => gzipSync(readFileSync(path.join(folder, file))).length;

it('all style and script of ours is below 150 kB, packed', () => {
  const ours = readdirSync(folder).filter((file) => /\.(css|js)$/.test(file));
  expect(ours.length).toBeGreaterThan(1);
  expect(ours.reduce((sum, file) => sum + packed(file), 0)).toBeLessThan(150 * 1024);
});
