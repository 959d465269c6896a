import express from 'express';
import request from 'supertest';
import { chooseLanguage, createI18n, createLanguageChoice, isTimeZone, LANGUAGES } from './i18n';

const i18n = createI18n();

describe('the choice of language and time zone', () => {
  it.each([
    [undefined, ['zh-TW', 'en'], 'zh-TW'],
    [undefined, ['zh-HK'], 'zh-TW'],
    [undefined, ['zh-Hant-CN'], 'zh-TW'],
    [undefined, ['zh'], 'zh-CN'],
    [undefined, ['zh-SG', 'en'], 'zh-CN'],
    [undefined, ['zh-Hans-TW-x'], 'zh-TW'],
    [undefined, ['de', 'en-GB', 'zh-CN'], 'en'],
    [undefined, ['de', 'fr'], 'en'],
    [undefined, [], 'en'],
    ['zh-CN', ['en'], 'zh-CN'],
    ['../../etc', ['zh-TW'], 'zh-TW'],
  ])('takes %s before %j: %s', (chosen, accepted, expected) => {
    expect(chooseLanguage(chosen, accepted)).toBe(expected);
  });

  it.each([
    ['UTC', true],
    ['Asia/Shanghai', true],
    ['asia/taipei', true],
    ['Mars/Olympus', false],
    ['+08:00', false],
    ['', false],
    [7, false],
  ])('knows that %j is a zone: %s', (zone, expected) => {
    expect(isTimeZone(zone)).toBe(expected);
  });

  it('remembers what the reader chose, and does not fall over a broken cookie', async () => {
    const app = express();
    app.use(createLanguageChoice(i18n), (_req, res) => {
      const { lng, timeZone } = res.locals as { lng: string; timeZone: string };
      res.json({ lng, timeZone });
    });
    const ask = (cookie: string) => request(app).get('/').set('accept-language', 'zh-TW').set('cookie', cookie);
    expect((await ask('sealtrail_lang=zh-CN; sealtrail_tz=Asia%2FShanghai')).body).toEqual({
      lng: 'zh-CN',
      timeZone: 'Asia/Shanghai',
    });
    expect((await ask('sealtrail_lang=%E0%A4%A; sealtrail_tz=%%%')).body).toEqual({ lng: 'zh-TW', timeZone: 'UTC' });
  });
});

describe('texts', () => {
  it('come in the language asked for, with values as they are', () => {
    const values = { from: '1', to: '20', total: '1,542' };
    expect(i18n.translator('en')('browse:count', values)).toBe('Showing 1–20 of 1,542');
    expect(i18n.translator('zh-TW')('browse:count', values)).toBe('第1–20筆，共1,542筆');
  });

  it.each(LANGUAGES)('take nothing in a value for a command (%s)', (language) => {
    const hostile = '$t(errors:not_found) {{total}} <b>';
    expect(i18n.translator(language)('browse:not', { value: hostile })).toContain(hostile);
  });

  it('are the same however often they are asked for, apart by language, and more keys than there are texts do no harm', () => {
    const [english, chinese] = [i18n.translator('en'), i18n.translator('zh-CN')];
    for (let time = 0; time < 2; time += 1) {
      expect([english('common:just_now'), chinese('common:just_now')]).toEqual(['just now', '刚刚']);
      for (let key = 0; key < 6_000; key += 1) expect(english(`actions:made.up_${key}`)).toContain(`made.up_${key}`);
    }
    expect(english('browse:count', { from: '1', to: '2', total: '3' })).toBe('Showing 1–2 of 3');
    expect(english('browse:count', { from: '4', to: '5', total: '6' })).toBe('Showing 4–5 of 6');
  });
});
