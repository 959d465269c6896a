/** What stands where a person's name would, in rows and certificates: no person is signed in there. Pages have words for them. */
export const COMMAND_LINE = 'command line';
export const DAILY_TASK = 'daily task';
