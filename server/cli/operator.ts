import { COMMAND_LINE } from '../core/own-names';
import { RIGHTS } from '../features/access/rights';

/** Whoever runs the command line, as it is recorded. */
export const OPERATOR = { name: COMMAND_LINE, via: 'cli' } as const;

/** Whoever has the command line has the machine: they may give every right, and repair who was locked out. */
export const ACCESS_OPERATOR = { ...OPERATOR, rights: RIGHTS } as const;
