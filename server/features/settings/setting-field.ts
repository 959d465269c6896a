import { LANGUAGE_NAMES } from '../../http/page-locals';
import { LANGUAGES } from '../../http/i18n';
import { formatNumber, revealText, showTime, whoIs, translateCode, type PageContext } from '../../http/page-context';
import { IP_MODES, listOf, SMTP_SECURITIES, type SettingName, type SettingProblem } from './settings';
import type { SettingsView } from './settings-service';

/** A setting in a form. */
export interface SettingField {
  readonly name: SettingName;
  readonly kind: 'text' | 'url' | 'number' | 'lines' | 'select' | 'ticks' | 'switch' | 'password';
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[];
  /** Why what was typed is not taken, or who changed it meanwhile; '' where neither. */
  readonly problem: string;
  /** Who set it and when; '' where nobody has. */
  readonly mark: string;
  readonly markHref: string;
  /** Why it cannot be changed here; '' where it can. */
  readonly fixed: string;
}

/** What a form was sent with, when it is shown again. */
export interface SentForm {
  readonly typed: Partial<Record<SettingName, string>>;
  readonly problems: Partial<Record<SettingName, SettingProblem>>;
  /** What others changed since the form was opened. */
  readonly stale: readonly SettingName[];
}

interface FieldFacts {
  readonly view: SettingsView;
  readonly sent: SentForm | null;
  /** Why somebody may not change anything here; '' where they may. */
  readonly locked: string;
  /** What the environment decides, by setting, with the value that holds. */
  readonly fixed: Partial<Record<SettingName, { readonly why: string; readonly value: string }>>;
}

const KINDS: Partial<Record<SettingName, SettingField['kind']>> = {
  support_url: 'url',
  record_reads: 'switch',
  ip_mode: 'select',
  time_zone: 'select',
  language: 'select',
  languages: 'ticks',
  trusted_proxies: 'lines',
  smtp_port: 'number',
  smtp_security: 'select',
  smtp_password: 'password',
  alert_to: 'lines',
};

/** Zones as the machine knows them; asked for once, because that is slow. */
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

export function settingField(
  name: SettingName,
  { view, sent, locked, fixed }: FieldFacts,
  ctx: PageContext,
): SettingField {
  const { t } = ctx;
  const kind = KINDS[name] ?? 'text';
  const given = fixed[name];
  const value = given?.value ?? sent?.typed[name] ?? (kind === 'password' ? '' : view.texts[name]);
  const mark = view.marks[name];
  return {
    name,
    kind,
    label: t(`settings:field.${name}.label`),
    hint: hintOf(name, kind, view, ctx),
    value: kind === 'lines' && sent?.typed[name] === undefined ? listOf(value).join('\n') : value,
    options: optionsOf(name, value, ctx),
    problem: problemOf(name, view, sent, ctx),
    mark: mark
      ? t(mark.by === '' ? 'settings:set_at' : 'settings:set_by', {
          who: whoIs(mark.by, ctx),
          when: showTime(mark.at, ctx).local,
        })
      : '',
    markHref: mark ? ctx.url(`/entries/${mark.seq}`) : '',
    fixed: given?.why ?? (view.foreign.has(name) ? t('settings:foreign') : locked),
  };
}

function hintOf(name: SettingName, kind: SettingField['kind'], view: SettingsView, { t }: PageContext): string {
  if (kind === 'password' && view.texts[name] !== '') return t('settings:password_kept');
  return t(`settings:field.${name}.hint`);
}

function problemOf(name: SettingName, view: SettingsView, sent: SentForm | null, ctx: PageContext): string {
  const { t } = ctx;
  const problem = sent?.problems[name];
  if (problem !== undefined) return t(`settings:problem.${problem}`);
  const mark = view.marks[name];
  if (!sent?.stale.includes(name) || !mark) return '';
  return t('settings:stale_field', {
    who: whoIs(mark.by, ctx),
    value: valueInWords(name, view.texts[name], ctx),
    entry: formatNumber(mark.seq, ctx),
  });
}

/** A value as a person reads it. */
function valueInWords(name: SettingName, text: string, ctx: PageContext): string {
  if (text === '') return ctx.t('settings:empty');
  if (KINDS[name] === 'password') return ctx.t('settings:not_shown');
  if (KINDS[name] === 'switch') return ctx.t(text === 'on' ? 'settings:on' : 'settings:off');
  return optionsOf(name, text, ctx).find((option) => option.selected && KINDS[name] === 'select')?.label ?? revealText(text); // prettier-ignore
}

function optionsOf(name: SettingName, value: string, ctx: PageContext): SettingField['options'] {
  const chosen = new Set(KINDS[name] === 'ticks' ? listOf(value) : [value]);
  const of = (values: readonly string[], label: (value: string) => string) =>
    values.map((one) => ({ value: one, label: label(one), selected: chosen.has(one) }));
  switch (name) {
    case 'ip_mode':
      return of(IP_MODES, (one) => translateCode(ctx, 'settings:ip_mode.', one));
    case 'smtp_security':
      return of(SMTP_SECURITIES, (one) => translateCode(ctx, 'settings:smtp_security.', one));
    case 'language':
    case 'languages':
      return of(LANGUAGES, (one) => LANGUAGE_NAMES[one as keyof typeof LANGUAGE_NAMES]);
    case 'time_zone':
      return [{ value: '', label: ctx.t('settings:zone_default'), selected: value === '' }, ...of(ZONES, (one) => one)];
    default:
      return [];
  }
}
