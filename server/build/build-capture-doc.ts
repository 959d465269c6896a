import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { captureDoc, withSummary } from './capture-doc';

/** Writes docs/capture.md and the table in the README (`npm run capture-doc`). */
const root = path.join(__dirname, '..', '..');
const readme = path.join(root, 'README.md');

writeFileSync(path.join(root, 'docs', 'capture.md'), captureDoc());
writeFileSync(readme, withSummary(readFileSync(readme, 'utf8')));
