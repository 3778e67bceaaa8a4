/**
 * What is known of one host's tree: the directories that were opened, page by page. A node is one
 * object for as long as its row is shown, so that the view keeps selection and expansion while
 * rows come and go. Changes from the server touch only the nodes they name.
 */
import type { NodePage, NodeRow, TreeChange } from '../../server/rpc/api';
import { failureOf, type Failure } from '../errors';
import { ancestry, childPath, nodeName, parentPath } from '../names';
import { Signal } from '../signal';

export interface TreeSource {
  children(path: string, offset: number, limit: number): Promise<NodePage>;
  /** All children by name, in the order of `children`. */
  names(path: string): Promise<readonly string[]>;
  /** These directories are no longer on screen. */
  unobserve(paths: readonly string[]): void;
}

export class StoreNode {
  readonly kind = 'node';
  expanded = false;
  children: StoreNode[] | undefined;
  total = 0;
  /** How many children are wanted on screen; grows by pages. */
  wanted = 0;
  /** The children must be asked for before they are shown again. */
  stale = true;
  failure: Failure | undefined;
  loading: Promise<void> | undefined;

  constructor(
    readonly host: string,
    readonly parent: StoreNode | undefined,
    public row: NodeRow,
  ) {}

  get path(): string {
    return this.row.path;
  }
}

/** The row “Show more” at the end of a directory of which only the first pages are shown. */
export interface MoreRow {
  readonly kind: 'more';
  readonly parent: StoreNode;
}

/** Stands for the children of a directory that could not be listed. */
export interface FailedRow {
  readonly kind: 'failed';
  readonly parent: StoreNode;
  readonly failure: Failure;
}

export type TreeElement = StoreNode | MoreRow | FailedRow;

export interface TreeUpdate {
  /** To draw again; undefined: everything. */
  readonly nodes: readonly StoreNode[] | undefined;
  /** Those whose value changed or that are new: marked for a moment. */
  readonly changed: readonly StoreNode[];
}

/** From this many changed rows of one directory on, the directory is drawn again as a whole. */
const redrawWholeAt = 50;
/** A refetch of a directory asks for at most this many rows at once. */
const maxRowsPerRequest = 5000;

export class StoreTree {
  readonly root: StoreNode;
  private readonly byPath = new Map<string, StoreNode>();
  private readonly updated = new Signal<TreeUpdate>();

  readonly onUpdate = this.updated.event;

  constructor(
    readonly host: string,
    private readonly source: TreeSource,
    private readonly pageSize: () => number,
  ) {
    const row: NodeRow = { path: '/', name: '', preview: '', valueBytes: 0, hasChildren: true };
    this.root = new StoreNode(host, undefined, row);
    this.byPath.set('/', this.root);
  }

  find(path: string): StoreNode | undefined {
    return this.byPath.get(path);
  }

  /** What stands below a directory; asks the server when that is not known. */
  async elements(node: StoreNode): Promise<TreeElement[]> {
    if (node.stale) await this.load(node);
    const shown: TreeElement[] = [...(node.children ?? [])];
    if (node.failure && shown.length === 0)
      shown.push({ kind: 'failed', parent: node, failure: node.failure });
    if (node.children && node.total > node.children.length) shown.push({ kind: 'more', parent: node });
    return shown;
  }

  showMore(node: StoreNode): void {
    node.wanted = (node.children?.length ?? 0) + this.pageSize();
    node.stale = true;
    this.updated.fire({ nodes: [node], changed: [] });
  }

  /** Opens the way down to a path, with further pages where need be; undefined when it is not there. */
  async reach(path: string): Promise<StoreNode | undefined> {
    let node = this.root;
    for (const step of path === '/' ? [] : ancestry(path)) {
      if (node.stale) await this.load(node);
      const next = this.childAt(node, step) ?? (await this.lookFurther(node, step));
      if (!next) return undefined;
      node = next;
    }
    return node;
  }

  expand(node: StoreNode): void {
    node.expanded = true;
    // The view keeps the rows that it drew before: they are old by now.
    if (node.stale && node.children) this.updated.fire({ nodes: [node], changed: [] });
  }

  collapse(node: StoreNode): void {
    node.expanded = false;
    this.release(node);
  }

  /** Nothing of this tree is on screen: the server need not observe it. What is known stays. */
  suspend(): void {
    this.release(this.root);
  }

  /** Everything shown may be out of date. */
  reload(): void {
    for (const node of this.byPath.values()) node.stale = true;
    this.updated.fire({ nodes: undefined, changed: [] });
  }

  apply(changes: readonly TreeChange[]): void {
    const redraw = new Set<StoreNode>();
    const changed: StoreNode[] = [];
    for (const change of changes) {
      if (change.kind === 'all') return this.reload();
      if (change.kind === 'row') {
        const node = this.byPath.get(change.row.path);
        if (!node || node === this.root) continue;
        if (node.row.preview !== change.row.preview || change.fresh) changed.push(node);
        node.row = change.row;
        if (!change.row.hasChildren) this.forgetChildren(node);
        redraw.add(node);
      } else if (change.kind === 'children') {
        const node = this.byPath.get(change.path);
        if (!node) continue;
        node.stale = true;
        redraw.add(node);
      } else {
        const node = this.byPath.get(change.path);
        const parent = this.byPath.get(parentPath(change.path) ?? '/');
        if (node) this.forgetChildren(node);
        if (!parent) continue;
        parent.stale = true;
        redraw.add(parent);
      }
    }
    if (redraw.size > 0) this.updated.fire({ nodes: wholeWhereMany(redraw), changed });
  }

  /** The child is on a later page, or newer than what is shown. */
  private async lookFurther(node: StoreNode, path: string): Promise<StoreNode | undefined> {
    const names = await this.source.names(node.path);
    const index = names.indexOf(nodeName(path));
    if (index < 0) return undefined;
    const pageSize = this.pageSize();
    node.wanted = Math.max(node.wanted, Math.ceil((index + 1) / pageSize) * pageSize);
    await this.load(node);
    this.updated.fire({ nodes: [node], changed: [] });
    return this.childAt(node, path);
  }

  private childAt(node: StoreNode, path: string): StoreNode | undefined {
    const child = this.byPath.get(path);
    return child?.parent === node ? child : undefined;
  }

  private load(node: StoreNode): Promise<void> {
    return (node.loading ??= this.fetch(node).finally(() => this.loaded(node)));
  }

  private loaded(node: StoreNode): void {
    node.loading = undefined;
    // It changed while we asked: the view asks again.
    if (node.stale && !node.failure) this.updated.fire({ nodes: [node], changed: [] });
  }

  private async fetch(node: StoreNode): Promise<void> {
    const first = node.children === undefined;
    node.stale = false;
    try {
      const { rows, total } = await this.fetchRows(node);
      const before = new Set(node.children);
      const children = rows.map((row) => this.adopt(node, row));
      const now = new Set(children);
      for (const gone of before) if (!now.has(gone)) this.forget(gone);
      node.children = children;
      node.total = total;
      node.failure = undefined;
      const fresh = first ? [] : children.filter((child) => !before.has(child));
      if (fresh.length > 0) this.updated.fire({ nodes: [], changed: fresh });
    } catch (error) {
      node.failure = failureOf(error);
      node.stale = true;
      // What was last seen stays on screen while the host or the server is away.
    }
  }

  private async fetchRows(node: StoreNode): Promise<{ rows: NodeRow[]; total: number }> {
    const wanted = Math.max(node.wanted, this.pageSize());
    const rows: NodeRow[] = [];
    let total = Infinity;
    while (rows.length < Math.min(wanted, total)) {
      const limit = Math.min(wanted - rows.length, maxRowsPerRequest);
      const page = await this.source.children(node.path, rows.length, limit);
      total = page.total;
      if (page.rows.length === 0) break;
      rows.push(...page.rows);
    }
    // Pages asked for one after the other may overlap when the directory changed in between.
    const unique = new Map(rows.map((row) => [row.name, row]));
    return { rows: [...unique.values()], total: Math.max(total, unique.size) };
  }

  private adopt(parent: StoreNode, row: NodeRow): StoreNode {
    const path = childPath(parent.path, row.name);
    const known = this.byPath.get(path);
    if (known) {
      known.row = row;
      if (!row.hasChildren) this.forgetChildren(known);
      return known;
    }
    const node = new StoreNode(this.host, parent, row);
    this.byPath.set(path, node);
    return node;
  }

  private forget(node: StoreNode): void {
    this.forgetChildren(node);
    this.byPath.delete(node.path);
  }

  private forgetChildren(node: StoreNode): void {
    if (!node.children) return;
    for (const child of node.children) this.forget(child);
    node.children = undefined;
    node.total = 0;
    node.stale = true;
  }

  private release(node: StoreNode): void {
    const paths: string[] = [];
    const visit = (one: StoreNode) => {
      if (!one.children) return;
      if (!one.stale) paths.push(one.path);
      one.stale = true;
      one.children.forEach(visit);
    };
    visit(node);
    if (paths.length > 0) this.source.unobserve(paths);
  }
}

function wholeWhereMany(nodes: ReadonlySet<StoreNode>): StoreNode[] {
  const countByParent = new Map<StoreNode, number>();
  for (const { parent } of nodes) if (parent) countByParent.set(parent, (countByParent.get(parent) ?? 0) + 1);
  const result = new Set<StoreNode>();
  for (const node of nodes) {
    const many = node.parent && countByParent.get(node.parent)! >= redrawWholeAt;
    result.add(many ? node.parent! : node);
  }
  return [...result];
}
