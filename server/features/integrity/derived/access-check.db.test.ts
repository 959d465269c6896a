import { signInTo } from '../../../testing/page-session';
import { createTestApp, type TestApp } from '../../../testing/test-app';
import { ENGINES } from '../../../testing/test-database';
import { RIGHTS } from '../../access/rights';
import { runDerivedChecks } from './derived-checks';

const OPERATOR = { name: 'operator', rights: RIGHTS, via: 'cli' } as const;

describe.each(ENGINES)('the check of roles and people, on %s', (engine) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await createTestApp(engine);
  });
  afterEach(() => app.stop());

  const tenant = () => app.ledger.tenant;
  describe('finds', () => {
    const details = async () => (await runDerivedChecks(app.database, app.ledger)).map(({ detail }) => detail);
    beforeEach(async () => {
      await signInTo(app, { role: 'super_admin', name: 'root' });
      await signInTo(app, { role: 'auditor', name: 'jane' });
      await app.deps.roles.save(tenant(), { id: null, name: 'Verifier', rights: ['ledger.verify'] }, OPERATOR);
      await app.deps.roles.map(tenant(), 'Support', 'standard_user', OPERATOR);
      const jane = (await app.deps.people.list(tenant().id)).find(({ name }) => name === 'jane')!;
      await app.deps.people.setRole(tenant(), jane.id, 'none', OPERATOR);
      expect(await details()).toEqual([]);
    });

    it.each([
      ['a role that was given past the program', () => app.database.knex('people').where({ ref: 'jane' }).update({ role: 'super_admin' }), 'person jane: super_admin, the chain says none'],
      ['an access that was brought back', () => app.database.knex('people').where({ ref: 'jane' }).delete(), 'person jane: nothing, the chain says none'],
      ['a role whose rights grew', () => app.database.knex('custom_roles').update({ rights: 'data.purge' }), 'data.purge as Verifier, the chain says ledger.verify as Verifier'],
      ['a mapping that became another', () => app.database.knex('role_mappings').update({ role: 'super_admin' }), 'billing role Support: super_admin, the chain says standard_user'],
      ['a mapping that nobody made', () => app.database.knex('role_mappings').insert({ tenant_id: tenant().id, billing_role: 'Sales', role: 'super_admin', changed_at: 0, changed_by: 'x' }), 'billing role Sales: super_admin, no entry says so'],
    ])('%s', async (_what, tamper, detail) => {
      await tamper();
      expect(await details()).toEqual([expect.stringContaining(detail)]);
    }); // prettier-ignore
  });
});
