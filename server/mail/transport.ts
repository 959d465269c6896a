import { createTransport } from 'nodemailer';
import type { Config } from '../config/config';

export interface MailTransport {
  sendMail(mail: { readonly to: string; readonly subject: string; readonly text: string }): Promise<unknown>;
  /** Whether the server answers and takes us. */
  verify(): Promise<unknown>;
}

/** The configured SMTP server, else the local sendmail. */
export function createMailTransport(config: Config): MailTransport {
  const defaults = { from: config.mailFrom ?? 'sealtrail@localhost' };
  return config.smtpUrl === undefined
    ? createTransport({ sendmail: true, newline: 'unix' }, { ...defaults, sendmail: true })
    : createTransport(config.smtpUrl, defaults);
}
