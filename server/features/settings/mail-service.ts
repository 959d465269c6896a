import { hidePassword, type Config } from '../../config/config';
import { createMailTransport, type MailRoute, type MailTransport } from '../../mail/transport';
import type { Settings } from './settings';
import type { SettingsService } from './settings-service';

/** How mail goes out, and what of it the environment decides whatever is set here. */
export interface MailState {
  /** The address in the environment without its password; null where it names none. */
  readonly fixedUrl: string | null;
  readonly fixedFrom: string | null;
  readonly fixedAlertTo: readonly string[];
}

/** Mail by the server that the environment names, else by the one in the settings, else by the local sendmail. */
export interface MailService {
  readonly transport: MailTransport;
  readonly fixed: MailState;
  /** Who is to hear of a broken ledger. */
  alertTo(): Promise<readonly string[]>;
}

interface MailDeps {
  readonly config: Pick<Config, 'smtpUrl' | 'mailFrom' | 'alertTo'>;
  readonly settings: Pick<SettingsService, 'readSmtpPassword'>;
  readonly readShared: () => Promise<Settings>;
}

export function createMailService({ config, settings, readShared }: MailDeps): MailService {
  async function findRoute(): Promise<MailRoute> {
    if (config.smtpUrl !== undefined) return { kind: 'url', url: config.smtpUrl };
    const { smtp } = await readShared();
    if (!smtp) return { kind: 'sendmail' };
    const { host, port, security, user } = smtp;
    const login = user === null ? null : { user, pass: (await settings.readSmtpPassword()) ?? '' };
    return { kind: 'server', host, port, security, login };
  }

  return {
    transport: createMailTransport(async () => ({
      route: await findRoute(),
      from: config.mailFrom ?? (await readShared()).mailFrom,
    })),
    fixed: {
      fixedUrl: config.smtpUrl === undefined ? null : hidePassword(config.smtpUrl),
      fixedFrom: config.mailFrom ?? null,
      fixedAlertTo: config.alertTo,
    },
    async alertTo() {
      return config.alertTo.length > 0 ? config.alertTo : (await readShared()).alertTo;
    },
  };
}
