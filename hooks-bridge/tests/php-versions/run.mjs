// Runs behaviour.php on PHP versions that machines of today do not have any more, as WebAssembly, and prints what each answers,
// one JSON document a line. The builds (GPL, 130 MB) are no dependency of the project: the first run puts them into npm's cache
// folder of this checkout.
//
//   node hooks-bridge/tests/php-versions/run.mjs [7-2 8-4]

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const RELEASE = '3.0.42';
const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.join(HERE, '..', '..', '..');
const BUILDS = path.join(ROOT, 'node_modules', '.cache', `php-wasm-${RELEASE}`);
const MODULE = path.join(ROOT, 'hooks-bridge', 'modules', 'addons', 'sealtrail');
const VECTORS = path.join(ROOT, 'server', 'core', 'vectors', 'delivery-signature');

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['7-2', '8-4'];
install(['universal', ...versions.map((version) => `node-${version}`)]);
const { loadPHPRuntime, PHP } = await load('universal');

for (const version of versions) {
  const { getPHPLoaderModule } = await load(`node-${version}`);
  const php = new PHP(await loadPHPRuntime(await getPHPLoaderModule(), {}));
  copy(php, MODULE, '/module');
  copy(php, VECTORS, '/vectors');
  php.writeFile('/behaviour.php', readFileSync(path.join(HERE, 'behaviour.php')));
  php.writeFile(
    '/start.php',
    "<?php putenv('SEALTRAIL_MODULE=/module'); putenv('SEALTRAIL_VECTORS=/vectors'); require '/behaviour.php';",
  );
  const answer = await php.run({ scriptPath: '/start.php' });
  if (answer.exitCode !== 0) throw new Error(`PHP ${version}: ${answer.text}\n${answer.errors}`);
  process.stdout.write(`${answer.text.trim()}\n`);
}
// The runtimes keep the process alive.
process.exit(0);

function install(names) {
  const missing = names.filter((name) => !existsSync(path.join(BUILDS, 'node_modules', '@php-wasm', name)));
  if (missing.length === 0) return;
  mkdirSync(BUILDS, { recursive: true });
  writeFileSync(path.join(BUILDS, 'package.json'), '{"private":true}');
  const packages = names.map((name) => `@php-wasm/${name}@${RELEASE}`);
  const options = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', [...options, ...packages], { cwd: BUILDS, stdio: ['ignore', 'ignore', 'inherit'] });
}

function load(name) {
  const require = createRequire(path.join(BUILDS, 'package.json'));
  return import(pathToFileURL(require.resolve(`@php-wasm/${name}`)).href);
}

function copy(php, from, to) {
  php.mkdir(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) copy(php, source, `${to}/${entry.name}`);
    else php.writeFile(`${to}/${entry.name}`, readFileSync(source));
  }
}
