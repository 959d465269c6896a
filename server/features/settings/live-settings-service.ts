import { parseTrustedProxies, type TrustedProxies } from '../../http/client-ip';
import type { Language } from '../../http/i18n';
import type { IpSalt } from './ip-salt';
import { defaultTexts, toSettings, type IpMode, type Settings } from './settings';
import type { SettingsService } from './settings-service';

/** What holds for the whole installation, ready to use. */
export interface SharedSettings {
  readonly trustedProxies: TrustedProxies;
  readonly language: Language;
  readonly languages: readonly Language[];
  readonly timeZone: string | null;
}

/**
 * Settings as they hold now, for what runs with every request: read again when they are two seconds old, so that a change counts
 * in every process within seconds, and at once in the one that made it.
 */
export interface LiveSettings {
  /** As of the last `refresh`; what the environment and the defaults say before it. */
  readonly shared: SharedSettings;
  /** Brings `shared` up to date. Never throws: without a database what was known goes on. */
  refresh(): Promise<void>;
  of(tenantId: number): Promise<Settings>;
  /** Those in which the shared ones stand. */
  readShared(): Promise<Settings>;
  /** Whom to believe and how to store addresses. Throws where that cannot be read: guessing could store what must not be. */
  addressingOf(tenantId: number): Promise<{
    readonly trustedProxies: readonly string[];
    readonly ipMode: IpMode;
    readonly ipSalt: string;
  }>;
  /** Told that something was changed here. */
  forget(): void;
}

interface LiveDeps {
  readonly settings: Pick<SettingsService, 'read'>;
  readonly ipSalt: IpSalt;
  /** From the environment: they count whatever is set. */
  readonly fixedProxies: readonly string[];
  /** The tenant in whose settings the shared ones stand; undefined before there is a ledger. */
  readonly findTenant: () => Promise<number | undefined>;
  readonly onError: (error: unknown) => void;
  /** Milliseconds of a clock that nobody sets. */
  readonly tick?: () => number;
}

const FRESH_MS = 2_000;

export function createLiveSettings(deps: LiveDeps): LiveSettings {
  const { settings, ipSalt, fixedProxies, findTenant, onError, tick = () => performance.now() } = deps;
  const read = new Map<number, { readonly at: number; readonly settings: Promise<Settings> }>();
  let sharedFrom: Settings | undefined;
  let shared = toShared(toSettings(defaultTexts()));
  let sharedTenant: number | undefined;

  function of(tenantId: number): Promise<Settings> {
    const known = read.get(tenantId);
    if (known && tick() - known.at < FRESH_MS) return known.settings;
    const fresh = settings.read(tenantId);
    read.set(tenantId, { at: tick(), settings: fresh });
    // The next one asks again instead of being told of an old failure.
    fresh.catch(() => read.delete(tenantId));
    return fresh;
  }

  async function readShared(): Promise<Settings> {
    sharedTenant ??= await findTenant();
    return sharedTenant === undefined ? toSettings(defaultTexts()) : of(sharedTenant);
  }

  function toShared(from: Settings): SharedSettings {
    const { language, languages, timeZone } = from;
    return { trustedProxies: parseTrustedProxies(allProxies(from)), language, languages, timeZone };
  }

  function allProxies({ trustedProxies }: Settings): readonly string[] {
    return [...new Set([...fixedProxies, ...trustedProxies])];
  }

  return {
    get shared() {
      return shared;
    },
    async refresh() {
      try {
        const now = await readShared();
        if (now === sharedFrom) return;
        shared = toShared(now);
        sharedFrom = now;
      } catch (error) {
        onError(error);
      }
    },
    of,
    readShared,
    async addressingOf(tenantId) {
      const now = await of(tenantId);
      const ipSaltText = now.ipMode === 'hashed' ? await ipSalt.read() : '';
      return { trustedProxies: allProxies(now), ipMode: now.ipMode, ipSalt: ipSaltText };
    },
    forget: () => read.clear(),
  };
}
