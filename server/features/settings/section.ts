import type { Request, Response } from 'express';
import type { EntryStore, Ledger } from '../../entries/entry-store';
import { KnownError } from '../../errors';
import { actorOf, type Viewer } from '../access/viewer';

/** Bytes of a name's column. */
const MAX_NAME = 191;

export interface SectionRequest {
  readonly viewer: Viewer;
  /** The viewer's own: nothing of another tenant is looked up. */
  readonly ledger: Ledger;
  /** Whom entries about what happens name. */
  readonly by: { readonly actor: ReturnType<typeof actorOf>; readonly via: 'ui' };
}

/** Who asks a page of the settings, and for which tenant. */
export async function openSection(response: Response, store: Pick<EntryStore, 'findLedger'>): Promise<SectionRequest> {
  const viewer = response.locals['viewer'] as Viewer;
  const ledger = await store.findLedger(viewer.tenant);
  if (!ledger) throw new KnownError('not_found');
  return { viewer, ledger, by: { actor: actorOf(viewer), via: 'ui' } };
}

export function fieldOf(request: Request, name: string): string {
  const value = (request.body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value.trim().toWellFormed() : '';
}

/** Every value of a field that can be ticked several times. */
export function fieldsOf(request: Request, name: string): readonly string[] {
  const value = (request.body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
}

export function isName(text: string): boolean {
  return text !== '' && text.length <= MAX_NAME;
}

/** A step that cannot be undone is ticked first, with or without a script. */
export function isConfirmed(request: Request): boolean {
  return fieldOf(request, 'confirm') === 'yes';
}
