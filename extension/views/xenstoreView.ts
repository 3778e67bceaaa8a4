/** The view “Xenstore”: the live tree of the host that is shown. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { plain } from '../plain';
import { settings } from '../settings';
import { texts } from '../texts';
import type { StoreNode } from '../tree/storeTree';
import { StoreTree, type TreeElement } from '../tree/storeTree';
import { ChangeMarks } from './changeMarks';
import { itemOf, nodeUri } from './nodeItem';
import { tooltipOf } from './nodeTooltip';
import { Refresher } from './refresher';
import { whenVisible } from './visibility';

export class XenstoreView implements vscode.TreeDataProvider<TreeElement>, vscode.Disposable {
  private readonly refresher = new Refresher<TreeElement>();
  private readonly trees = new Map<string, StoreTree>();
  private readonly marks = new ChangeMarks();
  private readonly view: vscode.TreeView<TreeElement>;
  private readonly subscriptions: { dispose(): void }[];

  readonly onDidChangeTreeData = this.refresher.event;

  constructor(private readonly xenscope: Xenscope) {
    const { hosts, connection, clock } = xenscope;
    this.view = vscode.window.createTreeView('xenscope.xenstore', {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.subscriptions = [
      this.view,
      this.marks,
      whenVisible(
        this.view,
        () => this.shown(),
        () => this.tree().suspend(),
      ),
      this.view.onDidExpandElement(
        ({ element }) => element.kind === 'node' && this.treeOf(element).expand(element),
      ),
      this.view.onDidCollapseElement(
        ({ element }) => element.kind === 'node' && this.treeOf(element).collapse(element),
      ),
      this.view.onDidChangeSelection(() => this.updateSelectionContext()),
      connection.on('xenscope/treeChanged', ({ host, changes }) => this.trees.get(host)?.apply(changes)),
      hosts.onShown(() => this.otherHost()),
      hosts.onDomains((id) => id === hosts.currentId && this.refresher.refresh()),
      hosts.onConnected(({ id }) => this.trees.get(id)?.reload()),
      hosts.onChange(() => this.describe()),
      clock.onTick(() => this.describe()),
      connection.onState(() => this.describe()),
    ];
    this.describe();
  }

  /** The selected node, for commands that were not given one. */
  get selected(): StoreNode | undefined {
    const [element] = this.view.selection;
    return element?.kind === 'node' ? element : undefined;
  }

  async getChildren(element?: TreeElement): Promise<TreeElement[]> {
    if (element && element.kind !== 'node') return [];
    const { hosts } = this.xenscope;
    const tree = element ? this.treeOf(element) : this.tree();
    const node = element ?? tree.root;
    const online = hosts.find(tree.host)?.state.kind === 'connected';
    // Away: what was last seen stays, and nobody is asked in vain.
    if (!online) return node.children ?? [];
    const elements = await tree.elements(node);
    if (!element) this.describe();
    return elements;
  }

  getTreeItem(element: TreeElement): vscode.TreeItem {
    const host = element.kind === 'node' ? element.host : element.parent.host;
    return itemOf(element, {
      pageSize: settings.pageSize(),
      nameOf: (domid) => this.xenscope.hosts.domains(host).find((domain) => domain.domid === domid)?.name,
    });
  }

  getParent(element: TreeElement): TreeElement | undefined {
    const parent = element.parent;
    return parent?.parent ? parent : undefined;
  }

  async resolveTreeItem(item: vscode.TreeItem, element: TreeElement): Promise<vscode.TreeItem> {
    if (element.kind !== 'node') return item;
    if (element.row.unreadable !== undefined) {
      // The server lists there what this domain can know to be below.
      const partly = element.row.hasChildren ? '. Below it is listed only what this domain knows of' : '';
      item.tooltip = `${element.path}\n\nNot readable: ${element.row.unreadable}${partly}`;
      return item;
    }
    try {
      const detail = await this.xenscope.connection.request('xenscope/detail', {
        host: element.host,
        path: element.path,
      });
      item.tooltip = tooltipOf(detail);
    } catch {
      item.tooltip = `${element.path}\n\n${texts.rowDescription(element.row)}`;
    }
    return item;
  }

  async reveal(host: string, path: string, focus = true): Promise<void> {
    this.xenscope.hosts.show(host);
    await this.xenscope.hosts.whenConnected(host, 10_000);
    await vscode.commands.executeCommand('xenscope.xenstore.focus', { preserveFocus: !focus });
    if (path === '/') return;
    const node = await this.tree().reach(path);
    if (!node) throw failures.noSuchPath(path);
    this.refresher.flush();
    const options = { select: true, focus, expand: node.row.hasChildren };
    try {
      await this.view.reveal(node, options);
    } catch {
      // A list of children that was on its way to VS Code while we told it of a newer one takes the place of that:
      // it knows nothing of the node then, and asks for the list no more.
      this.refresher.refresh();
      this.refresher.flush();
      await this.view.reveal(node, options);
    }
  }

  showMore(node: StoreNode): void {
    this.treeOf(node).showMore(node);
  }

  refresh(): void {
    this.tree().reload();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.refresher.dispose();
  }

  private shown(): void {
    this.xenscope.wake();
    this.tree().reload();
  }

  private otherHost(): void {
    for (const tree of this.trees.values()) if (tree.host !== this.xenscope.hosts.currentId) tree.suspend();
    this.refresher.refresh();
    this.describe();
    if (this.view.visible) this.xenscope.wake();
  }

  private tree(): StoreTree {
    return this.treeFor(this.xenscope.hosts.currentId);
  }

  private treeOf(node: StoreNode): StoreTree {
    return this.treeFor(node.host);
  }

  private treeFor(host: string): StoreTree {
    let tree = this.trees.get(host);
    if (!tree) {
      const { connection, report } = this.xenscope;
      tree = new StoreTree(
        host,
        {
          children: (path, offset, limit) =>
            connection.request('xenscope/children', { host, path, offset, limit }),
          names: (path) => connection.request('xenscope/names', { host, path }),
          unobserve: (paths) => {
            if (connection.state.kind !== 'running') return;
            connection.request('xenscope/unobserve', { host, paths }).catch(report);
          },
        },
        () => settings.pageSize(),
      );
      this.trees.set(host, tree);
      tree.onUpdate(({ nodes, changed }) => {
        if (host !== this.xenscope.hosts.currentId) return;
        this.marks.mark(changed.map((node) => nodeUri(host, node.path)));
        const root = nodes === undefined || nodes.some((node) => node.parent === undefined);
        if (root) this.refresher.refresh();
        else if (nodes.length > 0) this.refresher.refresh(nodes);
      });
    }
    return tree;
  }

  /** The line above the tree, and which of the welcome texts fits. */
  private describe(): void {
    const { hosts, connection, clock } = this.xenscope;
    const host = hosts.current;
    const empty = (this.tree().root.children ?? []).length === 0;
    this.view.description = host?.label;
    const server = connection.state.kind;
    const state = host && hosts.stateOf(host);
    const message =
      server === 'waiting' || server === 'starting'
        ? texts.serverDownMessage
        : state && texts.lastSeen(host.label, state, clock.retryInMs(host.id));
    // With a message, the view shows no welcome text.
    const shown = empty || message === undefined ? undefined : plain(message);
    if (this.view.message !== shown) this.view.message = shown;
    const starting = server === 'starting' || (server === 'running' && !host);
    const word = server === 'waiting' ? 'serverDown' : starting ? 'connecting' : (state?.kind ?? 'none');
    this.setContext('xenscope.host', word);
    this.setContext('xenscope.currentHostKind', host?.kind ?? 'none');
  }

  private updateSelectionContext(): void {
    const node = this.selected;
    this.setContext('xenscope.nodeSelected', node !== undefined);
    this.setContext('xenscope.linkSelected', node?.row.meaning?.kind === 'path');
  }

  private readonly contexts = new Map<string, unknown>();
  private setContext(key: string, value: unknown): void {
    if (this.contexts.get(key) === value) return;
    this.contexts.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }
}
