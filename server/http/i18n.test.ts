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
});
