import { createTransport } from 'nodemailer';

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
  /** Throws when nobody takes it. */
  sendMail(mail: Mail): Promise<{ readonly response: string }>;
  /** Whether the server answers and takes us. */
  verify(): Promise<unknown>;
}

/** By what mail goes out. */
export type MailRoute =
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'server';
      readonly host: string;
      readonly port: number;
      readonly security: 'starttls' | 'tls' | 'none';
      readonly login: { readonly user: string; readonly pass: string } | null;
    }
  | { readonly kind: 'sendmail' };

export interface MailWay {
  readonly route: MailRoute;
  readonly from: string | null;
}

/** Mail by whatever way holds when a mail is sent. */
export function createMailTransport(findWay: () => Promise<MailWay>): MailTransport {
  return {
    async sendMail(mail) {
      const { route, from } = await findWay();
      const defaults = { from: from ?? 'sealtrail@localhost' };
      const answer = (await open(route, defaults).sendMail(mail)) as { readonly response?: string } | undefined;
      return { response: answer?.response ?? '' };
    },
    async verify() {
      const { route } = await findWay();
      // The local sendmail has nothing to ask.
      return route.kind === 'sendmail' || open(route, {}).verify();
    },
  };
}

// Somebody may be waiting for the answer; a server that is there says something within these.
const PATIENCE = { connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 30_000 };

function open(route: MailRoute, defaults: { readonly from?: string }) {
  switch (route.kind) {
    case 'url':
      return createTransport({ ...PATIENCE, url: route.url }, defaults);
    case 'server':
      return createTransport(
        {
          ...PATIENCE,
          host: route.host,
          port: route.port,
          secure: route.security === 'tls',
          requireTLS: route.security === 'starttls',
          ignoreTLS: route.security === 'none',
          ...(route.login ? { auth: route.login } : {}),
        },
        defaults,
      );
    case 'sendmail':
      return createTransport({ sendmail: true, newline: 'unix' }, { ...defaults, sendmail: true });
  }
}
