import { Router, type Request, type Response } from 'express';
import type { EntryStore } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { pageContext } from '../../http/page-locals';
import type { UrlBuilder } from '../../http/url-builder';
import type { ChangedBy, Refusal, Tenant } from './access-change';
import type { BridgeService } from './bridge-service';
import { peoplePage, type PeopleFacts } from './people-page';
import type { PeopleService } from './people-service';
import { needsRight } from './rights';
import { changedBy } from './role-choice';
import type { RoleService } from './role-service';
import { rolesPage, type RoleProblem } from './roles-page';
import type { Viewer } from './viewer';

interface PeopleRoutesDeps {
  readonly people: PeopleService;
  readonly roles: RoleService;
  readonly bridges: Pick<BridgeService, 'list'>;
  readonly store: EntryStore;
  readonly clientIp: (request: Request) => string | null;
  readonly now: () => Date;
}

/** The pages with roles and with people, and the forms that change them. */
export function createPeopleRoutes({ people, roles, bridges, store, clientIp, now }: PeopleRoutesDeps): Router {
  const router = Router();
  const mayManage = needsRight('people.manage');

  router.get('/settings/people', needsRight('settings.read'), (_request, response) => showPeople(response, null));

  router.post('/settings/people/:id', mayManage, async (request, response) => {
    const role = textOf(request, 'role');
    const person = request.params.id;
    const changed = await people.setRole(await tenantOf(response), person, role === '' ? null : role, by(request, response)); // prettier-ignore
    if (!changed.ok) return showPeople(response, { person, refusal: changed.refusal, role });
    back(response, '/settings/people');
  });

  router.get('/settings/roles', needsRight('settings.read'), (_request, response) => showRoles(response, null));

  router.post('/settings/roles', mayManage, (request, response) => saveRole(request, response, null));

  // Before the roles by their id.
  router.post('/settings/roles/mappings', mayManage, async (request, response) => {
    const [billingRole, role] = [textOf(request, 'billing_role'), textOf(request, 'role')];
    const changed = await roles.map(await tenantOf(response), billingRole, role === '' ? null : role, by(request, response)); // prettier-ignore
    if (!changed.ok) return showRoles(response, problemOf('mapping', changed.refusal, { name: billingRole, role }));
    back(response, '/settings/roles');
  });

  router.post('/settings/roles/:id', mayManage, (request, response) => saveRole(request, response, request.params.id));

  router.post('/settings/roles/:id/remove', mayManage, async (request, response) => {
    const { id } = request.params;
    const changed = await roles.remove(await tenantOf(response), id, by(request, response));
    if (changed.ok) return back(response, '/settings/roles');
    const role = (await roles.list((await tenantOf(response)).id)).find((one) => one.id === id);
    return showRoles(response, problemOf(id, changed.refusal, { name: role?.name ?? '', rights: role?.rights ?? [] }));
  });

  return router;

  async function saveRole(request: Request, response: Response, id: string | null): Promise<void> {
    const draft = { id, name: textOf(request, 'name'), rights: listOf(request, 'rights') };
    const changed = await roles.save(await tenantOf(response), draft, by(request, response));
    if (!changed.ok) return showRoles(response, problemOf(id ?? 'new', changed.refusal, draft));
    back(response, '/settings/roles');
  }

  async function showPeople(response: Response, problem: PeopleFacts['problem']): Promise<void> {
    const { id } = await tenantOf(response);
    const named = (await bridges.list()).filter((bridge) => bridge.tenant_id === id);
    const facts = {
      people: await people.list(id),
      custom: await roles.list(id),
      bridges: new Map(named.map((bridge) => [bridge.id, bridge.name])),
      viewer: viewerOf(response),
      problem,
    };
    const page = peoplePage(facts, pageContext(response, now()));
    response.status(problem === null ? 200 : 400).render('settings/people', { page });
  }

  async function showRoles(response: Response, problem: RoleProblem | null): Promise<void> {
    const { id } = await tenantOf(response);
    const facts = {
      custom: await roles.list(id),
      mappings: await roles.listMappings(id),
      people: await people.list(id),
      viewer: viewerOf(response),
      problem,
    };
    const page = rolesPage(facts, pageContext(response, now()));
    response.status(problem === null ? 200 : 400).render('settings/roles', { page });
  }

  async function tenantOf(response: Response): Promise<Tenant> {
    const ledger = await store.findLedger(viewerOf(response).tenant);
    if (!ledger) throw new KnownError('not_found');
    return ledger.tenant;
  }

  function by(request: Request, response: Response): ChangedBy {
    const from = { ip: clientIp(request), userAgent: request.get('user-agent') ?? null };
    return changedBy(viewerOf(response), from);
  }
}

function problemOf(form: string, refusal: Refusal, given: Partial<RoleProblem>): RoleProblem {
  return { name: '', rights: [], role: '', ...given, form, refusal };
}

function viewerOf(response: Response): Viewer {
  return response.locals['viewer'] as Viewer;
}

function textOf(request: Request, name: string): string {
  const value = (request.body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value.trim() : '';
}

function listOf(request: Request, name: string): string[] {
  const value = (request.body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
}

function back(response: Response, path: string): void {
  response.redirect(303, (response.locals['url'] as UrlBuilder)(path));
}
