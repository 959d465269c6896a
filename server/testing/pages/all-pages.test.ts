import { createApp } from '../../app';
import { createTestStore, type TestStore } from '../test-app';
import { ALL_PAGES, NO_PAGES } from './all-pages';

let store: TestStore;
let routes: string[];

beforeAll(async () => {
  store = await createTestStore('sqlite');
  const { app, stop } = createApp(store.deps);
  routes = [...new Set(pageRoutes(app.router as unknown as Stack))];
  stop();
});
afterAll(() => store?.stop());

interface Stack {
  readonly stack?: readonly Layer[];
}

/** As express's router keeps them: a route, or another router, which `slash` says to be mounted at the top. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: Stack;
  readonly slash: boolean;
}

/** Every address that a GET reaches, but for what lies below /api, /bridge, /assets and the like. */
function pageRoutes({ stack = [] }: Stack): string[] {
  return stack.flatMap(({ route, handle, slash }) => {
    if (route) return route.methods['get'] ? [route.path] : [];
    return slash ? pageRoutes(handle) : [];
  });
}

it('finds the routes at all', () => {
  expect(routes).toEqual(expect.arrayContaining(['/', '/entries/:id', '/verify/reports/:id', '/sign-in/:token']));
  expect(routes).not.toContain('/stats');
});

it('no page is missing from the list, so that everything is asked of each', () => {
  const known = [...ALL_PAGES.map(({ route }) => route), ...NO_PAGES];
  expect(routes.filter((route) => !known.includes(route))).toEqual([]);
});

it('nothing is in the list that is no page any more', () => {
  const listed = [...ALL_PAGES.flatMap(({ route }) => route ?? []), ...NO_PAGES];
  expect(listed.filter((route) => !routes.includes(route))).toEqual([]);
});
