import type * as Scale from 'victory-vendor/d3-scale';
import type * as Shape from 'victory-vendor/d3-shape';

interface D3 {
  readonly scale: typeof Scale;
  readonly shape: typeof Shape;
}

/** Loaded at the first chart: it takes a tenth of a second, and commands of the command line draw none. */
export function loadD3(): D3 {
  // A dynamic import would be the ESM loader's, which jest knows only behind a flag.
  /* eslint-disable @typescript-eslint/no-require-imports */
  return {
    scale: require('victory-vendor/d3-scale') as D3['scale'],
    shape: require('victory-vendor/d3-shape') as D3['shape'],
  };
  /* eslint-enable @typescript-eslint/no-require-imports */
}
