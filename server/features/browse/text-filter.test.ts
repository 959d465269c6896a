import { parseText } from './text-filter';

describe('what somebody typed to search for', () => {
  it.each<[string, object]>([
    ['refund', { any: [{ all: ['refund'], not: [] }], not: [] }],
    ['refund  jane', { any: [{ all: ['refund', 'jane'], not: [] }], not: [] }],
    ['refund !jane', { any: [{ all: ['refund'], not: ['jane'] }], not: [] }],
    ['!refund', { any: [], not: ['refund'] }],
    ['!refund,!jane', { any: [], not: ['refund', 'jane'] }],
    ['refund, chargeback !jane', { any: [{ all: ['refund'], not: [] }, { all: ['chargeback'], not: ['jane'] }], not: [] }],
    ['refund, !jane', { any: [{ all: ['refund'], not: [] }], not: ['jane'] }],
    ['"Doe, Jane" refund', { any: [{ all: ['Doe, Jane', 'refund'], not: [] }], not: [] }],
    ['!"Doe, Jane"', { any: [], not: ['Doe, Jane'] }],
    ['"half', { any: [{ all: ['"half'], not: [] }], not: [] }],
    [' , ', { any: [], not: [] }],
    ['退款,发票', { any: [{ all: ['退款'], not: [] }, { all: ['发票'], not: [] }], not: [] }],
  ])('%j', (value, filter) => {
    expect(parseText(value)).toEqual(filter);
  }); // prettier-ignore
});
