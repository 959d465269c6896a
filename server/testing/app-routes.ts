import type { Express } from 'express';

interface Layer {
  readonly route?: { readonly path: string | RegExp | readonly string[]; readonly methods: Record<string, boolean> };
  readonly handle: { readonly stack?: readonly Layer[] };
  match(path: string): boolean;
}

/** Where routers of ours are mounted, besides the root. */
const MOUNTS = ['/api/v1', '/bridge', '/assets'];

/** Every route of the app, as `GET /entries/:id`, each once. */
export function listRoutes(app: Express): string[] {
  const { stack } = (app as unknown as { router: { stack: readonly Layer[] } }).router;
  return [...new Set(stack.flatMap((layer) => routesOf(layer, '')))].sort();
}

function routesOf(layer: Layer, prefix: string): string[] {
  if (layer.route) {
    const { path, methods } = layer.route;
    const paths = Array.isArray(path) ? (path as string[]) : [String(path)];
    return Object.keys(methods).flatMap((method) =>
      paths.map((one) => `${method === '_all' ? 'ALL' : method.toUpperCase()} ${prefix}${one}`),
    );
  }
  const mount = layer.match('/no-such-place') ? '' : (MOUNTS.find((one) => layer.match(one)) ?? '?');
  return (layer.handle.stack ?? []).flatMap((inner) => routesOf(inner, prefix + mount));
}
