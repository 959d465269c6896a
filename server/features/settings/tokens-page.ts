import { revealText, showTime, type PageContext, type ShownTime } from '../../http/page-context';
import { SCOPES, type ListedToken } from '../access/token-service';

/** What was wrong with a form that was sent. */
export type TokenProblem = 'name' | 'name_taken' | 'scopes' | 'confirm';

export interface TokenFacts {
  readonly rows: readonly ListedToken[];
  readonly mayManage: boolean;
  /** A token that was made just now; it is never shown again. */
  readonly made: { readonly name: string; readonly token: string } | null;
  readonly sent: { readonly name: string; readonly scopes: readonly string[] } | null;
  readonly problem: { readonly what: TokenProblem; readonly id: string | null } | null;
}

export interface TokensPage {
  readonly title: string;
  readonly tokens: readonly {
    readonly id: string;
    readonly name: string;
    readonly scopes: string;
    readonly created: ShownTime;
    readonly used: ShownTime | null;
    readonly revoked: ShownTime | null;
    /** It opens nothing. */
    readonly isForged: boolean;
    readonly revokeAction: string;
    readonly problem: string;
  }[];
  readonly locked: string;
  readonly made: { readonly title: string; readonly token: string } | null;
  readonly create: {
    readonly action: string;
    readonly name: string;
    readonly scopes: readonly { readonly value: string; readonly label: string; readonly checked: boolean }[];
    readonly problem: string;
    readonly scopeProblem: string;
  };
}

export function tokensPage(facts: TokenFacts, ctx: PageContext): TokensPage {
  const { t, url } = ctx;
  const { problem, made, sent } = facts;
  const said = problem ? t(`settings:tokens.problem.${problem.what}`) : '';
  const isCreating = problem !== null && problem.id === null;
  return {
    title: t('settings:nav.tokens'),
    // Those that work first, each kind with the newest at the top.
    tokens: [...facts.rows]
      .sort((a, b) => Number(a.revoked_at !== null) - Number(b.revoked_at !== null) || b.created_at - a.created_at)
      .map((row) => ({
        id: row.id,
        name: revealText(row.name),
        scopes: row.scopes.split(',').join(', '),
        created: showTime(row.created_at, ctx),
        used: row.last_used_at === null ? null : showTime(row.last_used_at, ctx),
        revoked: row.revoked_at === null ? null : showTime(row.revoked_at, ctx),
        isForged: !row.isGenuine,
        revokeAction: url(`/settings/tokens/${row.id}/revoke`),
        problem: problem?.id === row.id ? said : '',
      })),
    locked: facts.mayManage ? '' : t('settings:locked_tokens'),
    made: made && { title: t('settings:tokens.made', { name: revealText(made.name) }), token: made.token },
    create: {
      action: url('/settings/tokens'),
      name: sent?.name ?? '',
      scopes: SCOPES.map((value) => ({
        value,
        label: t(`settings:tokens.scope.${value}`),
        checked: sent ? sent.scopes.includes(value) : value === 'read',
      })),
      problem: isCreating && problem.what !== 'scopes' ? said : '',
      scopeProblem: isCreating && problem.what === 'scopes' ? said : '',
    },
  };
}
