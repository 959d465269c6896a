export interface PartyTotals {
  /** Entries of the last 7 and of the last 30 days, today among them. */
  readonly week: number;
  readonly month: number;
  /** The day on which one of the two is another: a day leaves, or one that lay ahead has come. */
  readonly dueDay: number;
}

const WEEK = 7;
const MONTH = 30;

/** The totals of a party on a day from its entries by day (days since 1970, UTC); undefined where nothing is left to count. */
export function totalsOf(days: ReadonlyMap<number, number>, today: number): PartyTotals | undefined {
  let [week, month, dueDay] = [0, 0, Number.POSITIVE_INFINITY];
  for (const [day, entries] of days) {
    if (day > today) dueDay = Math.min(dueDay, day);
    else if (day > today - MONTH) {
      const isOfWeek = day > today - WEEK;
      month += entries;
      if (isOfWeek) week += entries;
      dueDay = Math.min(dueDay, day + (isOfWeek ? WEEK : MONTH));
    }
  }
  return dueDay === Number.POSITIVE_INFINITY ? undefined : { week, month, dueDay };
}
