import type { JsonObject } from '../../core/canonical-json';

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface JobRequest {
  readonly kind: string;
  readonly tenantId: number;
  readonly ledger: string | null;
  readonly params: JsonObject;
  /** What makes two requests the same one; `params` where it is left out. */
  readonly sameAs?: JsonObject;
  readonly requestedBy: string;
}

export interface Job extends Omit<JobRequest, 'sameAs'> {
  readonly id: string;
  readonly state: JobState;
  readonly progress: { readonly done: number; readonly total: number };
  /** What the work gave; null until it is done. */
  readonly result: JsonObject | null;
  /** Why it failed. */
  readonly problem: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}
