import { createTransport } from 'nodemailer';
import type { Config } from '../config/config';

interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** With its angle brackets; one is made where it is left out. */
  readonly messageId?: string;
  readonly attachments?: {
    filename: string;
    content: string;
    contentType: string;
    contentTransferEncoding: 'base64';
  }[];
}

export interface MailTransport {
  sendMail(mail: Mail): Promise<unknown>;
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
