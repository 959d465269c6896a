/** Every error a caller can meet: stable code, HTTP status, key of its text in locales/<lng>/errors.json. */
export const ERRORS = {
  not_found: { status: 404, message: 'errors:not_found' },
  wrong_method: { status: 405, message: 'errors:wrong_method' },
  entry_pruned: { status: 410, message: 'errors:entry_pruned' },
  entry_not_found: { status: 404, message: 'errors:entry_not_found' },
  bad_filter: { status: 400, message: 'errors:bad_filter' },
  bad_cursor: { status: 400, message: 'errors:bad_cursor' },
  bad_request: { status: 400, message: 'errors:bad_request' },
  not_json: { status: 400, message: 'errors:not_json' },
  bad_shape: { status: 400, message: 'errors:bad_shape' },
  bad_encoding: { status: 400, message: 'errors:bad_encoding' },
  too_large: { status: 413, message: 'errors:too_large' },
  delivery_refused: { status: 401, message: 'errors:delivery_refused' },
  not_signed_in: { status: 401, message: 'errors:not_signed_in' },
  bad_token: { status: 401, message: 'errors:bad_token' },
  missing_scope: { status: 403, message: 'errors:missing_scope' },
  bad_csrf: { status: 403, message: 'errors:bad_csrf' },
  bad_login_link: { status: 403, message: 'errors:bad_login_link' },
  too_many_requests: { status: 429, message: 'errors:too_many_requests' },
  subject_held: { status: 409, message: 'errors:subject_held' },
  ledger_stopped: { status: 409, message: 'errors:ledger_stopped' },
  entries_gone: { status: 410, message: 'errors:entries_gone' },
  entry_too_long: { status: 422, message: 'errors:entry_too_long' },
  cannot_commit: { status: 503, message: 'errors:cannot_commit' },
  unexpected: { status: 500, message: 'errors:unexpected' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error that the caller caused or can act on. `detail` is plain English for logs and API answers. */
export class KnownError extends Error {
  override name = 'KnownError';
  readonly code: ErrorCode;
  readonly detail: string;
  constructor(code: ErrorCode, detail = '', options?: ErrorOptions) {
    super(detail === '' ? code : `${code}: ${detail}`, options);
    this.code = code;
    this.detail = detail;
  }
  get status(): number {
    return ERRORS[this.code].status;
  }
}
