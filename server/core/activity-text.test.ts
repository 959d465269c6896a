import { aCaptureContext, anActivityLine } from '../testing/builders';
import type { JsonObject } from './canonical-json';
import activityRules from './catalogue/activity-rules.json';
import { classify } from './classify';
import { splitEvent } from './erasable';
import type { AuditEvent } from './event';

function eventOf(text: string, params: JsonObject = {}): AuditEvent {
  const classified = classify(anActivityLine({ text, params }), aCaptureContext());
  if ('problem' in classified || classified.events.length !== 1) throw new Error('not one event');
  return classified.events[0] as AuditEvent;
}

describe('a line of the activity log', () => {
  it.each([
    'Cron Job: Completed',
    'Invoice Marked Paid - Invoice ID: 9',
    'Client Profile Modified - Field: \'a\' to \'b\' - User ID: 5',
    'Deleted Invoice Item - Invoice ID: 9',
    'Modified Knowledgebase Article ID: 4',
    'Automated Task: Starting Database Backup',
    'Module Create Successful - Service ID: 3',
    'General Settings Modified. Changes made: Locale changed',
    'Addon Module Activated',
    'Registrar Lock Status of the domain is unknown',
    '',
    '\ud800',
  ])('that no rule matches is a line of the log: %j', (text) => {
    expect(eventOf(text).action).toBe('activity.logged');
  }); // prettier-ignore

  it.each(['FAILED ADMIN LOGIN ATTEMPT', 'x: failed   login - an Admin', 'Login for admin jane failed'])(
    'is matched loosely: %j',
    (text) => expect(eventOf(text).action).toBe('admin.login_failed'),
  );

  it('keeps its text, and the version of the rules that read it', () => {
    const text = 'Deleted  Invoice – Invoice ID: 12\nby hand ';
    expect(eventOf(text, { user: 'jane' }).source.payload).toEqual({
      user: 'jane',
      description: text,
      text_rules: activityRules.version,
      ids: { 'Invoice ID': '12' },
    });
  });

  it('seals the version in the clear and leaves the text erasable', () => {
    const { sealedPayload, subject } = splitEvent(eventOf('Failed Login Attempt: mallory', { userid: 5 }));
    expect(sealedPayload).toEqual({ text_rules: activityRules.version, userid: 5 });
    expect(JSON.stringify(subject)).toContain('mallory');
  });

  it.each([
    ['Deleted Invoice - Invoice ID: 12 - User ID: 5', 'invoice', '12', '5'],
    ['Module Suspend Failed - Service ID: 3', 'module', null, null],
    ['Registrar Lock Disabled - Domain ID: #44', 'domain', '44', null],
    ['Client Data Export - Client ID: 5', 'client', '5', '5'],
    ['Deleted Ticket Note - Ticket ID: 7', 'ticket', '7', null],
    ['Something - User ID: 0', 'activity', null, null],
    ['Something - User ID: 5', 'activity', null, '5'],
  ])('%j is about %s %s of client %s', (text, type, id, client) => {
    expect(eventOf(text)).toMatchObject({ target: { type, id, label: text }, client });
  });

  it('is about the client that WHMCS named, rather than one that the text names', () => {
    expect(eventOf('Something - User ID: 6', { userid: 5 }).client).toBe('5');
  });

  it('takes every id of the text, the first of each name', () => {
    expect(eventOf('Moved Service ID: 1 - Service ID: 2 - Credit Note/Invoice ID: 3').source.payload['ids']).toEqual({
      'Service ID': '1',
      'Note/Invoice ID': '3',
    });
  });

  it.each([
    ['capitals', 'A'.repeat(65_000)],
    ['one word over and over', 'fail '.repeat(13_000)],
    ['half matches', 'export client data decrypt card '.repeat(2_000)],
    ['names of ids', 'Aa ID '.repeat(10_000)],
  ])('is read at once, though it is %s without end', (_name, text) => {
    const startedAt = Date.now();
    eventOf(text);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('the rules for texts', () => {
  it('have a version', () => expect(activityRules.version).toMatch(/^\d+$/));

  it.each(activityRules.rules.map((rule) => [rule.match]))('%s is a pattern that does not match everything', (match) => {
    expect(new RegExp(match, 'i').test('')).toBe(false);
    expect(new RegExp(match, 'i').test('Cron Job: Completed')).toBe(false);
  }); // prettier-ignore
});
