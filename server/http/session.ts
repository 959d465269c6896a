import session, { type SessionData } from 'express-session';
import { ConnectSessionKnexStore } from 'connect-session-knex';
import type { RequestHandler } from 'express';
import type { Knex } from 'knex';
import type { RowMac } from '../core/row-mac';

const SESSION_MS = 8 * 3_600_000;

/** Sessions in our own database, so that several sidecars share them and a restart ends none. */
export function createSession(options: {
  readonly db: Knex;
  readonly secret: string;
  readonly rowMac: RowMac;
  readonly https: boolean;
  readonly onCleanupError: (error: unknown) => void;
}): { readonly middleware: RequestHandler; stop(): void } {
  const store = new SealedStore(options.rowMac, {
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

/** A session that was written or changed past the program is none: it says who somebody is. */
class SealedStore extends ConnectSessionKnexStore {
  private readonly rowMac: RowMac;

  constructor(rowMac: RowMac, options: ConstructorParameters<typeof ConnectSessionKnexStore>[0]) {
    super(options);
    this.rowMac = rowMac;
  }

  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void) {
    return super.get(sid, (error, session) => done(error, session && this.open(sid, session)));
  }

  override set(sid: string, session: SessionData, done?: (error?: unknown) => void) {
    const text = JSON.stringify(session);
    const sealed = { ...(JSON.parse(text) as SessionData), mac: this.rowMac.of('sessions', [sid, text]) };
    // The row ends when the cookie does, which only the session itself knows.
    return super.set(sid, { ...sealed, cookie: session.cookie }, done);
  }

  private open(sid: string, { mac, ...session }: SessionData & { readonly mac?: string }): SessionData | null {
    return this.rowMac.fits(mac ?? null, 'sessions', [sid, JSON.stringify(session)]) ? session : null;
  }
}
