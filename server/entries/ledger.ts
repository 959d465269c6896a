export interface Tenant {
  readonly id: number;
  readonly slug: string;
}

export interface Ledger {
  readonly id: number;
  readonly name: string;
  readonly tenant: Tenant;
}
