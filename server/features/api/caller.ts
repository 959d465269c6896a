/** The program behind a Bearer token. */
export interface Caller {
  readonly tokenName: string;
  readonly tenantId: number;
}
