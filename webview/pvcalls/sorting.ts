/** Sorting the rows of a table by one of its columns. */

export interface Sorting {
  readonly column: number;
  readonly descending: boolean;
}

/** A click on the head of a column: up, then down, then as it came. */
export function nextSorting(now: Sorting | undefined, column: number): Sorting | undefined {
  if (now?.column !== column) return { column, descending: false };
  return now.descending ? undefined : { column, descending: true };
}

/** Rows that are alike keep the order in which they came, upwards and downwards. */
export function sorted<Row>(
  rows: readonly Row[],
  compare: (one: Row, other: Row) => number,
  descending: boolean,
): readonly Row[] {
  return [...rows].sort((one, other) => (descending ? compare(other, one) : compare(one, other)));
}

/** `10.0.0.9:80` before `10.0.0.10:80`; what is not there comes last. */
export function compareAddresses(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined)
    return Number(one === undefined) - Number(other === undefined);
  return one.localeCompare(other, 'en', { numeric: true });
}

/** Numbers of 64 bits in decimal; what is not there comes last. */
export function compareIds(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined)
    return Number(one === undefined) - Number(other === undefined);
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
