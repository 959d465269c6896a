import type { PageContext } from '../../http/page-context';
import type { MailState } from './mail-service';
import { settingField, type SentForm, type SettingField } from './setting-field';
import { listOf, type SettingName } from './settings';
import type { SettingsView } from './settings-service';

export const GENERAL_NAMES = [
  'organisation',
  'support_url',
  'language',
  'languages',
  'time_zone',
  'record_reads',
  'ip_mode',
  'trusted_proxies',
] as const satisfies readonly SettingName[];

export const MAIL_NAMES = [
  'smtp_server',
  'smtp_port',
  'smtp_security',
  'smtp_account',
  'smtp_password',
  'mail_from',
  'alert_to',
] as const satisfies readonly SettingName[];

const GENERAL_GROUPS = [
  ['organisation', ['organisation', 'support_url']],
  ['readers', ['languages', 'language', 'time_zone']],
  ['privacy', ['record_reads', 'ip_mode']],
  ['network', ['trusted_proxies']],
] as const;

const MAIL_GROUPS = [
  ['server', ['smtp_server', 'smtp_port', 'smtp_security', 'smtp_account', 'smtp_password']],
  ['mails', ['mail_from', 'alert_to']],
] as const;

interface FormFacts {
  readonly view: SettingsView;
  readonly mayChange: boolean;
  readonly sent: SentForm | null;
  readonly isSaved: boolean;
}

export interface SettingsFormPage {
  readonly title: string;
  readonly action: string;
  readonly version: number;
  readonly groups: readonly {
    readonly title: string;
    readonly text: string;
    readonly fields: readonly SettingField[];
  }[];
  /** Said above the form; '' where there is nothing to say. */
  readonly notice: string;
  readonly isProblem: boolean;
  readonly locked: string;
  /** Nothing on it can be changed: no button. */
  readonly isReadOnly: boolean;
}

export interface GeneralPage extends SettingsFormPage {
  readonly fixedProxies: string;
}

export function generalPage(facts: FormFacts, fixedProxies: readonly string[], ctx: PageContext): GeneralPage {
  const form = formPage('general', GENERAL_GROUPS, facts, {}, ctx);
  return {
    ...form,
    fixedProxies: fixedProxies.length === 0 ? '' : ctx.t('settings:proxies_fixed', { list: fixedProxies.join(', ') }),
  };
}

/** How a test mail went. */
export interface MailTest {
  readonly to: string;
  readonly problem: string;
  readonly answer: string;
}

export interface MailPage extends SettingsFormPage {
  readonly way: string;
  readonly hasPassword: boolean;
  readonly test: { readonly action: string; readonly to: string; readonly problem: string; readonly answer: string };
}

export function mailPage(facts: FormFacts, fixed: MailState, test: MailTest | null, ctx: PageContext): MailPage {
  const { t } = ctx;
  const { texts } = facts.view;
  const decided: Partial<Record<SettingName, { why: string; value: string }>> = {};
  if (fixed.fixedUrl !== null)
    for (const name of ['smtp_server', 'smtp_port', 'smtp_security', 'smtp_account', 'smtp_password'] as const)
      decided[name] = {
        why: t('settings:fixed', { key: 'SEALTRAIL_SMTP_URL' }),
        value: fixedPart(name, fixed.fixedUrl),
      };
  if (fixed.fixedFrom !== null)
    decided.mail_from = { why: t('settings:fixed', { key: 'SEALTRAIL_MAIL_FROM' }), value: fixed.fixedFrom };
  if (fixed.fixedAlertTo.length > 0)
    decided.alert_to = {
      why: t('settings:fixed', { key: 'SEALTRAIL_ALERT_TO' }),
      value: fixed.fixedAlertTo.join(', '),
    };
  const alertTo = fixed.fixedAlertTo.length > 0 ? fixed.fixedAlertTo : listOf(texts.alert_to);
  return {
    ...formPage('mail', MAIL_GROUPS, facts, decided, ctx),
    way:
      fixed.fixedUrl !== null
        ? t('settings:way.environment', { url: fixed.fixedUrl })
        : texts.smtp_server === ''
          ? t('settings:way.sendmail')
          : t('settings:way.server', { server: `${texts.smtp_server}:${texts.smtp_port}` }),
    hasPassword: texts.smtp_password !== '' && fixed.fixedUrl === null && !facts.view.foreign.has('smtp_password'),
    test: {
      action: ctx.url('/settings/mail/test'),
      to: test?.to ?? alertTo[0] ?? '',
      problem: test?.problem ?? '',
      answer: test?.answer ?? '',
    },
  };
}

/** What the address in the environment says for a field; the password is never read from it. */
function fixedPart(name: SettingName, fixedUrl: string): string {
  const url = new URL(fixedUrl);
  switch (name) {
    case 'smtp_server':
      return url.hostname;
    case 'smtp_port':
      return url.port || (url.protocol === 'smtps:' ? '465' : '587');
    case 'smtp_security':
      return url.protocol === 'smtps:' ? 'tls' : 'starttls';
    case 'smtp_account':
      return decodeURIComponent(url.username);
    default:
      return '';
  }
}

function formPage(
  section: 'general' | 'mail',
  groups: readonly (readonly [string, readonly SettingName[]])[],
  { view, mayChange, sent, isSaved }: FormFacts,
  fixed: Parameters<typeof settingField>[1]['fixed'],
  ctx: PageContext,
): SettingsFormPage {
  const { t } = ctx;
  const locked = mayChange ? '' : t('settings:locked');
  const shown = groups.map(([name, names]) => ({
    title: t(`settings:group.${name}.title`),
    text: t(`settings:group.${name}.text`),
    fields: names.map((one) => settingField(one, { view, sent, locked, fixed }, ctx)),
  }));
  const isStale = (sent?.stale.length ?? 0) > 0;
  return {
    title: t(`settings:nav.${section}`),
    action: ctx.url(`/settings/${section}`),
    version: view.version,
    groups: shown,
    notice: isStale ? t('settings:stale') : sent ? t('settings:not_saved') : isSaved ? t('settings:saved') : '',
    isProblem: sent !== null,
    locked,
    isReadOnly: shown.every(({ fields }) => fields.every((field) => field.fixed !== '')),
  };
}
