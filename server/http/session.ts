import session from 'express-session';
import { ConnectSessionKnexStore } from 'connect-session-knex';
import type { RequestHandler } from 'express';
import type { Knex } from 'knex';

const SESSION_MS = 8 * 3_600_000;

/** Sessions in our own database, so that several sidecars share them and a restart ends none. */
export function createSession(options: {
  readonly db: Knex;
  readonly secret: string;
  readonly https: boolean;
  readonly onCleanupError: (error: unknown) => void;
}): { readonly middleware: RequestHandler; stop(): void } {
  const store = new ConnectSessionKnexStore({
    knex: options.db,
    createTable: false,
    cleanupInterval: 15 * 60_000,
    onDbCleanupError: options.onCleanupError,
  });
  const middleware = session({
    store,
    name: 'sealtrail_session',
    secret: options.secret,
    resave: false,
    saveUninitialized: false,
    rolling: true,
    proxy: true,
    cookie: { httpOnly: true, sameSite: 'lax', secure: options.https, maxAge: SESSION_MS },
  });
  return { middleware, stop: () => clearTimeout(store.nextDbCleanup) };
}
