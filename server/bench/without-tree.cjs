'use strict';

// Loaded in front of the built program (`--require`): the same server, which makes no leaves, no tree and no checkpoints. Written
// in JavaScript because the program is run as it is built.
const path = require('node:path');

const dist = path.join(__dirname, '..', '..', 'dist', 'server');

replace('core/merkle', 'leafHash', () => Buffer.alloc(0));
replace('features/tree/handed-leaves', 'createHandedLeaves', () => ({ add() {}, find: () => [], forget() {} }));
replace('features/tree/tree-builder', 'createTreeBuilder', () => ({ wake() {}, stop: () => Promise.resolve() }));
replace('features/tree/checkpoint-clock', 'createCheckpointClock', () => ({
  start() {},
  look: () => Promise.resolve(),
  stop: () => Promise.resolve(),
}));

function replace(file, name, replacement) {
  const exported = require(path.join(dist, file));
  if (typeof exported[name] !== 'function') throw new Error(`${file} has no ${name} any more`);
  exported[name] = replacement;
}
