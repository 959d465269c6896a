module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-is-pure',
      comment: 'the chain and the catalogue are the same for server, command line and offline check',
      severity: 'error',
      from: { path: '^server/core/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^server/core/', '^(node:)?crypto$'] },
    },
    {
      name: 'no-test-code-in-program',
      severity: 'error',
      from: {
        path: '^server/',
        pathNot: ['\\.test\\.ts$', '\\.contract\\.ts$', '^server/testing/', '^server/bench/', '^server/build/'],
      },
      to: { path: ['^server/testing/', '^server/bench/', '\\.test\\.ts$', '\\.contract\\.ts$'] },
    },
    {
      name: 'features-reach-each-other-through-services',
      severity: 'error',
      from: { path: '^server/features/([^/]+)/' },
      to: {
        path: '^server/features/([^/]+)/',
        pathNot: ['^server/features/$1/', '-service\\.ts$', '^server/features/access/(viewer|rights)\\.ts$'],
      },
    },
    {
      name: 'store-knows-no-feature',
      severity: 'error',
      from: { path: '^server/(entries|db)/' },
      to: { path: '^server/(features|http|cli)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
