/** Rows of a table, each of which stays the same element for as long as it is there: none goes under a finger. */

export interface RowView<Value> {
  readonly root: HTMLElement;
  show(value: Value): void;
}

export class KeyedRows<Value> {
  private readonly rows = new Map<string, RowView<Value>>();

  constructor(
    private readonly body: HTMLElement,
    private readonly make: (value: Value) => RowView<Value>,
  ) {}

  /** In this order. */
  show(list: readonly { readonly key: string; readonly value: Value }[]): void {
    const wanted = new Set(list.map(({ key }) => key));
    for (const [key, { root }] of this.rows) {
      if (wanted.has(key)) continue;
      root.remove();
      this.rows.delete(key);
    }
    let next = this.body.firstElementChild;
    for (const { key, value } of list) {
      let row = this.rows.get(key);
      if (!row) {
        row = this.make(value);
        this.rows.set(key, row);
      }
      if (row.root === next) next = next.nextElementSibling;
      else this.body.insertBefore(row.root, next);
      row.show(value);
    }
  }
}
