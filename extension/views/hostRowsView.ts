/**
 * What the views “Rings”, “Devices” and “PV Calls” have in common: the rows of the host that is shown, in groups,
 * followed while somebody looks, and drawn anew where they changed.
 */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import type { HostRows, HostRowsChange } from '../hostRows';
import { appendWords } from '../plain';
import { texts } from '../texts';
import { AnsweredRows } from './answeredRows';
import { Refresher } from './refresher';
import { whenVisible } from './visibility';

export interface IconName {
  readonly icon: string;
  readonly color?: string;
}

export abstract class HostRowsView<
  Row extends { readonly id: string },
  Element extends { readonly host: string },
  /** By which rows are grouped: their domain, where it is a number. */
  Group extends number | string = number,
>
  implements vscode.TreeDataProvider<Element>, vscode.Disposable
{
  protected readonly view: vscode.TreeView<Element>;
  private readonly answered = new AnsweredRows<Element>((element) => this.getParent(element));
  protected readonly changed = new Refresher<Element>({ rows: this.answered, isHidden: true });
  private readonly elements = new Map<string, Element>();
  private readonly subscriptions: { dispose(): void }[] = [];
  private contextWord = '';
  /** The ids of the rows of each group, as they were drawn. */
  private drawnRows: ReadonlyMap<Group, string> = new Map();

  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    protected readonly xenscope: Xenscope,
    private readonly name: 'rings' | 'devices' | 'pvcalls',
    protected readonly rows: HostRows<Row>,
  ) {
    const options = { treeDataProvider: this, showCollapseAll: true };
    this.view = vscode.window.createTreeView(`xenscope.${name}`, options);
  }

  abstract getParent(element: Element): Element | undefined;
  abstract getTreeItem(element: Element): vscode.TreeItem;

  /** The rows below one, or those that have none above them. */
  protected abstract childrenOf(element?: Element): Element[];
  protected abstract groupOf(row: Row): Group;
  /** The row that stands above those of a group. */
  protected abstract group(host: string, group: Group): Element;
  /** The elements that are to be drawn anew. */
  protected abstract changedElements(changed: readonly Row[]): Element[];
  /** Tells which elements of a host are there still. */
  protected abstract presence(host: string): (element: Element) => boolean;
  /** The line above the rows, where there is something to say. */
  protected abstract message(host: string): string | undefined;

  /** At the end of the constructor: from then on all that a subclass has may be used. */
  protected begin(...more: readonly { dispose(): void }[]): void {
    const { hosts } = this.xenscope;
    this.subscriptions.push(
      this.view,
      whenVisible(
        this.view,
        () => this.changed.setHidden(false),
        () => this.changed.setHidden(true),
      ),
      whenVisible(
        this.view,
        () => this.shown(),
        () => this.rows.follow(undefined),
      ),
      this.view.onDidCollapseElement(({ element }) => this.answered.folded(element)),
      // It asks for nothing where it still has the rows of before: they are not known any more, nor told.
      this.view.onDidExpandElement(({ element }) => {
        if (!this.answered.has(element)) this.changed.refresh([element]);
      }),
      this.rows.onChange((change) => this.take(change)),
      hosts.onShown(() => this.otherHost()),
      hosts.onConnected(({ id }) => id === hosts.currentId && this.followIfVisible()),
      hosts.onDomains((id) => id === hosts.currentId && this.redraw()),
      hosts.onChange(() => this.describe()),
      ...more,
    );
    this.describe();
  }

  getChildren(element?: Element): Element[] {
    const rows = this.childrenOf(element);
    this.answered.answered(element, rows);
    return rows;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  /** The same object each time, so that VS Code keeps what is open and selected. */
  protected element<One extends Element>(fresh: One): One {
    const key = JSON.stringify(fresh);
    const known = this.elements.get(key);
    if (known) return known as One;
    this.elements.set(key, fresh);
    return fresh;
  }

  /** Of a domain; its description begins with its number. */
  protected domainItem(
    host: string,
    domid: number,
    about: readonly (string | undefined)[],
    contextValue: string,
  ): vscode.TreeItem {
    const name = this.xenscope.hosts.domains(host).find((one) => one.domid === domid)?.name;
    const item = new vscode.TreeItem(name ?? `Domain ${domid}`, vscode.TreeItemCollapsibleState.Expanded);
    item.id = `${this.name}:${host}:${domid}`;
    item.description = [`domain ${domid}`, ...about].filter(Boolean).join(' · ');
    item.iconPath = new vscode.ThemeIcon('vm');
    item.contextValue = contextValue;
    item.accessibilityInformation = { label: `${name ?? 'Domain'}, ${item.description}` };
    return item;
  }

  protected redraw(): void {
    this.drawnRows = this.rowsByGroup();
    this.changed.refresh();
    this.describe();
  }

  private shown(): void {
    this.xenscope.wake();
    this.followIfVisible();
    this.describe();
  }

  private followIfVisible(): void {
    const { hosts } = this.xenscope;
    if (this.view.visible && hosts.current?.state.kind === 'connected') this.rows.follow(hosts.currentId);
  }

  private otherHost(): void {
    this.rows.follow(undefined);
    this.followIfVisible();
    this.redraw();
  }

  private take({ host, structure, changed }: HostRowsChange<Row>): void {
    if (host !== this.xenscope.hosts.currentId) return;
    const elements = structure ? this.takeStructure(host) : [];
    if (!elements) return this.redraw();
    const all = [...elements, ...this.changedElements(changed)];
    if (all.length > 0) this.changed.refresh(all);
    if (structure) this.describe();
  }

  /**
   * The groups whose rows came or went; undefined where groups did. Whatever is drawn anew closes the menu that is
   * open on it: the rows of other groups stay as they are.
   */
  private takeStructure(host: string): Element[] | undefined {
    this.forgetGone(host);
    const before = this.drawnRows;
    const now = this.rowsByGroup();
    if ([...before.keys()].join() !== [...now.keys()].join()) return undefined;
    this.drawnRows = now;
    const others = [...now].filter(([group, ids]) => before.get(group) !== ids);
    return others.map(([group]) => this.group(host, group));
  }

  private rowsByGroup(): ReadonlyMap<Group, string> {
    const ids = new Map<Group, string[]>();
    for (const row of this.rows.list(this.xenscope.hosts.currentId)) {
      const group = this.groupOf(row);
      const known = ids.get(group);
      if (known) known.push(row.id);
      else ids.set(group, [row.id]);
    }
    return new Map([...ids].map(([group, rows]) => [group, rows.join('\n')]));
  }

  /** Elements of what is there no more. */
  protected forgetGone(host: string): void {
    const isThere = this.presence(host);
    for (const [key, element] of this.elements) {
      if (element.host === host && !isThere(element)) this.elements.delete(key);
    }
  }

  /** Rows stay when their host goes: then they are what was last seen, as the tree says of its own. */
  private stale(): string | undefined {
    const { hosts } = this.xenscope;
    const host = hosts.current;
    if (!host || this.rows.list(host.id).length === 0) return undefined;
    return texts.lastSeenShortly(hosts.stateOf(host));
  }

  /** What stands above the rows, and which of the welcome texts fits. */
  private describe(): void {
    const { hosts } = this.xenscope;
    const host = hosts.currentId;
    this.view.description = hosts.current?.label;
    const message = this.stale() ?? this.message(host);
    if (this.view.message !== message) this.view.message = message;
    const isKnown = hosts.current?.state.kind === 'connected' && this.rows.isKnown(host);
    const word = this.rows.list(host).length > 0 ? 'some' : isKnown ? 'none' : 'unknown';
    if (word === this.contextWord) return;
    this.contextWord = word;
    void vscode.commands.executeCommand('setContext', `xenscope.${this.name}`, word);
  }
}

export function themeIcon({ icon, color }: IconName): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}

/** The title stands out; each line is a paragraph. Words of guests are shown as they are. */
export function hoverOf({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  const hover = new vscode.MarkdownString('**').appendText(title).appendMarkdown('**');
  for (const line of lines) appendWords(hover.appendMarkdown('\n\n'), line);
  return hover;
}
