/**
 * A table of many rows, of which those in view are in the page, and no others: five hundred sockets that change ten
 * times a second cost as much as twenty. One tab stop; the arrow keys move the selection, and a click on the head of
 * a column sorts by it.
 */
import { element } from '../kit';
import { setText, setTitle } from '../rings/texts';
import { type Sorting, nextSorting, sorted } from './sorting';

export interface Column<Row> {
  readonly name: string;
  /** What the column shows, for the hover of its head. */
  readonly title: string;
  readonly className?: string;
  /** Absent: it cannot be sorted by. */
  readonly compare?: (one: Row, other: Row) => number;
  /** Brings a cell up to date; it was empty, or of an earlier state of the same row. */
  readonly fill: (cell: HTMLElement, row: Row) => void;
}

export interface GridOptions<Row> {
  /** What a screen reader calls it. */
  readonly label: string;
  readonly className: string;
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Another row is selected, or none. */
  readonly selected: (row: Row | undefined) => void;
  /** Enter, or a double click. */
  readonly activated?: (row: Row) => void;
  readonly sorting?: Sorting;
  readonly sortingChanged?: (sorting: Sorting | undefined) => void;
}

/** Until a row was measured. */
const usualRowPx = 26;
/** Rows above and below those in view. */
const overscan = 6;
let grids = 0;

export class Grid<Row> {
  readonly root: HTMLElement;
  private readonly id = `grid${++grids}`;
  private readonly table: HTMLTableElement;
  private readonly body = element('tbody');
  private readonly above = spacer();
  private readonly below = spacer();
  private readonly heads: readonly HTMLElement[];
  /** Those in the page, by key. */
  private drawn = new Map<string, HTMLElement>();
  private rows: readonly Row[] = [];
  private shown: readonly Row[] = [];
  private rowPx = usualRowPx;
  private sorting: Sorting | undefined;
  private selectedKey: string | undefined;

  constructor(private readonly options: GridOptions<Row>) {
    const { label, className, columns } = options;
    this.sorting = options.sorting;
    this.heads = columns.map((column, at) => this.head(column, at));
    const head = element('thead', {}, element('tr', {}, ...this.heads));
    this.table = element('table', { className: `grid ${className}` }, head, this.body);
    this.table.tabIndex = 0;
    this.table.setAttribute('role', 'grid');
    this.table.setAttribute('aria-label', label);
    this.body.append(this.above, this.below);
    this.root = element('div', { className: 'scroll gridScroll' }, this.table);
    this.root.addEventListener('scroll', () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.root);
    this.table.addEventListener('keydown', (event) => this.onKey(event));
    this.body.addEventListener('click', ({ target }) => this.onClick(target, false));
    this.body.addEventListener('dblclick', ({ target }) => this.onClick(target, true));
    const [first] = this.sortButtons();
    if (first) first.tabIndex = 0;
    this.drawHeads();
  }

  show(rows: readonly Row[]): void {
    this.rows = rows;
    const { columns, keyOf } = this.options;
    const compare = this.sorting && columns[this.sorting.column]?.compare;
    const anchor = compare ? undefined : this.anchor();
    this.shown = compare ? sorted(rows, compare, this.sorting!.descending) : rows;
    if (anchor) this.hold(anchor);
    if (this.selectedKey !== undefined && !rows.some((row) => keyOf(row) === this.selectedKey)) {
      this.selectedKey = undefined;
      this.options.selected(undefined);
    }
    this.draw();
  }

  /** Selects a row and brings it into view. */
  select(key: string | undefined): void {
    this.selectedKey = key;
    const at = this.selectedAt();
    if (at >= 0) this.scrollTo(at);
    this.draw();
    this.options.selected(this.shown[at]);
  }

  /** The first row in view, where somebody has scrolled: rows that come above it shall not push it away. */
  private anchor(): { readonly key: string; readonly beforePx: number } | undefined {
    const { scrollTop } = this.root;
    const at = Math.floor(scrollTop / this.rowPx);
    const row = scrollTop > 0 ? this.shown[at] : undefined;
    return row && { key: this.options.keyOf(row), beforePx: scrollTop - at * this.rowPx };
  }

  private hold({ key, beforePx }: { readonly key: string; readonly beforePx: number }): void {
    const at = this.shown.findIndex((row) => this.options.keyOf(row) === key);
    if (at < 0) return;
    const top = at * this.rowPx + beforePx;
    if (Math.abs(top - this.root.scrollTop) < 1) return;
    // So high that it can be scrolled there.
    setHeight(this.below, this.shown.length * this.rowPx);
    this.root.scrollTop = top;
  }

  private head(column: Column<Row>, at: number): HTMLElement {
    const cell = element('th', { className: column.className ?? '' });
    cell.scope = 'col';
    cell.title = column.title;
    if (!column.compare) {
      cell.textContent = column.name;
      return cell;
    }
    const sort = element('button', { className: 'sort' }, element('span', { text: column.name }));
    sort.type = 'button';
    sort.append(element('span', { className: 'codicon' }));
    sort.tabIndex = -1;
    sort.addEventListener('click', () => this.sortBy(at));
    sort.addEventListener('keydown', (event) => this.onHeadKey(event, sort));
    cell.append(sort);
    return cell;
  }

  private sortBy(column: number): void {
    this.sorting = nextSorting(this.sorting, column);
    this.drawHeads();
    this.show(this.rows);
    this.options.sortingChanged?.(this.sorting);
  }

  /** One tab stop for all heads: the arrow keys lead from one to the next. */
  private onHeadKey(event: KeyboardEvent, from: HTMLButtonElement): void {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const buttons = this.sortButtons();
    const next = buttons[buttons.indexOf(from) + by];
    if (by === 0 || !next) return;
    event.preventDefault();
    for (const one of buttons) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  }

  private sortButtons(): HTMLButtonElement[] {
    return this.heads.flatMap((cell) => [...cell.querySelectorAll<HTMLButtonElement>('button.sort')]);
  }

  private drawHeads(): void {
    for (const [at, cell] of this.heads.entries()) {
      const icon = cell.querySelector('.codicon');
      if (!icon) continue;
      const isSorted = this.sorting?.column === at;
      const way = this.sorting?.descending === true ? 'descending' : 'ascending';
      cell.setAttribute('aria-sort', isSorted ? way : 'none');
      icon.className = `codicon codicon-${isSorted ? (way === 'ascending' ? 'arrow-up' : 'arrow-down') : 'blank'}`;
    }
  }

  private draw(mayMeasure = true): void {
    const { columns, keyOf } = this.options;
    const first = Math.max(0, Math.floor(this.root.scrollTop / this.rowPx) - overscan);
    const count = Math.ceil(this.root.clientHeight / this.rowPx) + 2 * overscan;
    const inView = this.shown.slice(first, first + count);
    const before = this.drawn;
    this.drawn = new Map();
    for (const [place, row] of inView.entries()) {
      const key = keyOf(row);
      const drawn = before.get(key) ?? newRow(columns);
      this.drawn.set(key, drawn);
      for (const [at, { fill }] of columns.entries()) fill(drawn.children[at] as HTMLElement, row);
      drawn.dataset.key = key;
      drawn.id = `${this.id}-${first + place}`;
      drawn.setAttribute('aria-rowindex', String(first + place + 2));
      drawn.setAttribute('aria-selected', String(key === this.selectedKey));
    }
    this.place([...this.drawn.values()]);
    setHeight(this.above, first * this.rowPx);
    setHeight(this.below, Math.max(0, this.shown.length - first - inView.length) * this.rowPx);
    this.table.setAttribute('aria-rowcount', String(this.shown.length + 1));
    const active = this.selectedKey === undefined ? undefined : this.drawn.get(this.selectedKey);
    if (active) this.table.setAttribute('aria-activedescendant', active.id);
    else this.table.removeAttribute('aria-activedescendant');
    if (mayMeasure && this.measure()) this.draw(false);
  }

  /** Rows that stay where they are are not touched: whatever is selected or pointed at in them stays so. */
  private place(rows: readonly HTMLElement[]): void {
    const wanted = [this.above, ...rows, this.below];
    const there = [...this.body.children];
    if (wanted.length === there.length && wanted.every((row, at) => row === there[at])) return;
    this.body.replaceChildren(...wanted);
  }

  /** Whether rows are higher or lower than thought. All are as high as the first: nothing in them is wrapped. */
  private measure(): boolean {
    const [row] = this.drawn.values();
    const heightPx = row?.getBoundingClientRect().height ?? 0;
    if (heightPx < 1 || Math.abs(heightPx - this.rowPx) < 0.5) return false;
    this.rowPx = heightPx;
    return true;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.target !== this.table || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.selectedAt();
    const row = this.shown[at];
    if (event.key === 'Enter' && row) {
      event.preventDefault();
      this.options.activated?.(row);
    }
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.rowPx) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.shown.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined || this.shown.length === 0) return;
    event.preventDefault();
    const place = Math.min(Math.max(next, 0), this.shown.length - 1);
    this.select(this.options.keyOf(this.shown[place]!));
  }

  private onClick(target: EventTarget | null, isDouble: boolean): void {
    // A button in a cell does its own.
    if (!(target instanceof HTMLElement) || target.closest('button, a')) return;
    const key = target.closest('tr')?.dataset.key;
    const row = this.shown.find((one) => this.options.keyOf(one) === key);
    if (!row) return;
    if (isDouble) this.options.activated?.(row);
    else this.select(key);
  }

  private selectedAt(): number {
    if (this.selectedKey === undefined) return -1;
    return this.shown.findIndex((row) => this.options.keyOf(row) === this.selectedKey);
  }

  private scrollTo(at: number): void {
    const headPx = this.heads[0]?.getBoundingClientRect().height ?? 0;
    const top = at * this.rowPx;
    const room = this.root.clientHeight - headPx;
    if (top < this.root.scrollTop) this.root.scrollTop = top;
    else if (top + this.rowPx > this.root.scrollTop + room) this.root.scrollTop = top + this.rowPx - room;
  }
}

function newRow<Row>(columns: readonly Column<Row>[]): HTMLElement {
  return element('tr', {}, ...columns.map(({ className }) => element('td', { className: className ?? '' })));
}

function spacer(): HTMLElement {
  const row = element('tr', { className: 'spacer' });
  row.setAttribute('aria-hidden', 'true');
  return row;
}

function setHeight(row: HTMLElement, px: number): void {
  const height = `${px}px`;
  if (row.style.height !== height) row.style.height = height;
}

/** A cell of text that is cut off where it is longer than its column; the hover has all of it. */
export function fillText(cell: HTMLElement, text: string, title = text): void {
  setText(cell, text);
  setTitle(cell, title);
}
