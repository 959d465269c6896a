import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/** Compiles to dist/ and copies the CSS kit into public/vendor. Views, locales and public are read from where they are. */
const root = path.join(__dirname, '..', '..');
const kit = path.join(path.dirname(require.resolve('@tabler/core/package.json')), 'dist', 'css', 'tabler.min.css');

mkdirSync(path.join(root, 'public', 'vendor'), { recursive: true });
copyFileSync(kit, path.join(root, 'public', 'vendor', 'tabler.min.css'));
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', path.join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
chmodSync(path.join(root, 'dist', 'server', 'cli', 'main.js'), 0o755);
