import { listOf, type SettingName } from './settings';

type Form = Readonly<Record<string, unknown>>;

/** What a form says of some settings; a field that it does not carry is left as it is, but for what can be unticked. */
export function typedSettings(form: Form, names: readonly SettingName[]): Partial<Record<SettingName, string>> {
  const typed: Partial<Record<SettingName, string>> = {};
  for (const name of names) {
    const text = textOf(form[name]);
    if (name === 'record_reads') typed[name] = text === 'on' ? 'on' : 'off';
    else if (name === 'languages') typed[name] = listOf(text ?? '').join(', ');
    // The page never shows a password: an empty field means the one that is there.
    else if (name === 'smtp_password') {
      if (form['smtp_password_remove'] === 'yes') typed[name] = '';
      else if (text) typed[name] = text;
    } else if (text !== undefined) typed[name] = text;
  }
  return typed;
}

/** The version that the form was opened with; 0 where it is none of ours, so that it counts as stale. */
export function typedVersion(form: Form): number {
  const version = textOf(form['version']) ?? '';
  return /^\d{1,15}$/.test(version) ? Number(version) : 0;
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(' ') : undefined;
}
