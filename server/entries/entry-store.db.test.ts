import { ENGINES } from '../testing/test-database';
import { describeEntryStore } from './entry-store.contract';

describe.each(ENGINES)('the entry store on %s', (engine) => describeEntryStore(engine));
