/** The view “Rings”: the shared rings of the host that is shown, by domain, alive while one looks. */
import * as vscode from 'vscode';
import type { RingRow } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import {
  groupDescription,
  isMoving,
  ringDescription,
  ringLabel,
  ringSpoken,
  ringTooltip,
  verdictIcon,
} from '../rings/ringTexts';
import { DrawnRows } from '../rings/drawnRows';
import type { RingsChange } from '../rings/rings';
import { texts } from '../texts';
import { whenVisible } from './visibility';

export interface DomainGroup {
  readonly kind: 'group';
  readonly host: string;
  readonly domid: number;
}

export interface RingElement {
  readonly kind: 'ring';
  readonly host: string;
  readonly ring: string;
  readonly domid: number;
}

type Element = DomainGroup | RingElement;

const selectionPatienceMs = 500;

export class RingsView implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Element[] | undefined>();
  private readonly elements = new Map<string, Element>();
  private readonly drawn = new DrawnRows();
  private readonly view: vscode.TreeView<Element>;
  private readonly subscriptions: { dispose(): void }[];

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly xenscope: Xenscope) {
    const { hosts, rings } = xenscope;
    this.view = vscode.window.createTreeView('xenscope.rings', {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.subscriptions = [
      this.view,
      whenVisible(
        this.view,
        () => this.shown(),
        () => rings.follow(undefined),
      ),
      rings.onChange((change) => this.take(change)),
      hosts.onShown(() => this.otherHost()),
      hosts.onConnected(({ id }) => id === hosts.currentId && this.followIfVisible()),
      hosts.onDomains((id) => id === hosts.currentId && this.redraw()),
      xenscope.worlds.onChange((id) => id === hosts.currentId && this.changed.fire(undefined)),
      hosts.onChange(() => this.describe()),
    ];
    this.describe();
  }

  get selected(): RingElement | undefined {
    const [element] = this.view.selection;
    return element?.kind === 'ring' ? element : undefined;
  }

  /** The ring that was just clicked: news of the selection may come a moment after the click itself. */
  async clicked(): Promise<RingElement | undefined> {
    if (this.selected) return this.selected;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        listening.dispose();
        resolve(this.selected);
      };
      const listening = this.view.onDidChangeSelection(done);
      const timer = setTimeout(done, selectionPatienceMs);
    });
  }

  getChildren(element?: Element): Element[] {
    const host = this.xenscope.hosts.currentId;
    const rings = this.xenscope.rings.list(host);
    if (element?.kind === 'ring') return [];
    if (element)
      return rings.filter(({ domid }) => domid === element.domid).map((ring) => this.ring(host, ring));
    return [...new Set(rings.map(({ domid }) => domid))].map((domid) => this.group(host, domid));
  }

  getParent(element: Element): Element | undefined {
    return element.kind === 'ring' ? this.group(element.host, element.domid) : undefined;
  }

  getTreeItem(element: Element): vscode.TreeItem {
    return element.kind === 'group' ? this.groupItem(element) : this.ringItem(element);
  }

  resolveTreeItem(item: vscode.TreeItem, element: Element): vscode.TreeItem {
    const ring = element.kind === 'ring' && this.xenscope.rings.find(element.host, element.ring);
    if (ring) item.tooltip = hoverOf(ring, this.owner(element));
    return item;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  private groupItem({ host, domid }: DomainGroup): vscode.TreeItem {
    const domain = this.xenscope.hosts.domains(host).find((one) => one.domid === domid);
    const name = domain?.name;
    const item = new vscode.TreeItem(name ?? `Domain ${domid}`, vscode.TreeItemCollapsibleState.Expanded);
    const rings = this.xenscope.rings.list(host).filter((ring) => ring.domid === domid);
    const world = this.xenscope.worlds.domain(host, domid);
    const state = world?.isRunning === false ? world.state : domain?.state;
    item.id = `rings:${host}:${domid}`;
    item.description = [`domain ${domid}`, state, groupDescription(rings)].filter(Boolean).join(' · ');
    item.iconPath = new vscode.ThemeIcon('vm');
    item.contextValue = ['ringDomain', ...(world?.can ?? [])].join(' ');
    item.accessibilityInformation = { label: `${name ?? 'Domain'}, ${item.description}` };
    return item;
  }

  private ringItem(element: RingElement): vscode.TreeItem {
    const ring = this.xenscope.rings.find(element.host, element.ring);
    const item = new vscode.TreeItem(ring ? ringLabel(ring) : element.ring);
    item.id = `ring:${element.host}:${element.ring}`;
    if (!ring) return item;
    item.description = ringDescription(ring);
    const { icon, color } = verdictIcon(ring.verdict, isMoving(ring));
    item.iconPath = new vscode.ThemeIcon(
      icon,
      color === undefined ? undefined : new vscode.ThemeColor(color),
    );
    item.contextValue = `ring ${ring.kind}`;
    // Without arguments: those of a row that is drawn anew while it is clicked are lost on the way.
    item.command = { command: 'xenscope.ring.openSelected', title: 'Open Ring' };
    item.accessibilityInformation = { label: ringSpoken(ring, this.owner(element)) };
    return item;
  }

  private owner({ host, domid }: Element): string {
    return this.xenscope.hosts.domainName(host, domid);
  }

  private group(host: string, domid: number): Element {
    return this.element(`group:${host}:${domid}`, { kind: 'group', host, domid });
  }

  private ring(host: string, { id, domid }: RingRow): Element {
    return this.element(`ring:${host}:${id}`, { kind: 'ring', host, ring: id, domid });
  }

  private element(key: string, fresh: Element): Element {
    const known = this.elements.get(key);
    if (known) return known;
    this.elements.set(key, fresh);
    return fresh;
  }

  private shown(): void {
    this.xenscope.wake();
    this.followIfVisible();
    this.describe();
  }

  private followIfVisible(): void {
    const { hosts, rings } = this.xenscope;
    if (this.view.visible && hosts.current?.state.kind === 'connected') rings.follow(hosts.currentId);
  }

  private otherHost(): void {
    this.xenscope.rings.follow(undefined);
    this.followIfVisible();
    this.redraw();
  }

  private redraw(): void {
    this.drawn.forget();
    this.changed.fire(undefined);
    this.describe();
  }

  private take({ host, structure, changed }: RingsChange): void {
    if (host !== this.xenscope.hosts.currentId) return;
    if (structure) {
      this.forgetGone(host);
      return this.redraw();
    }
    const { rings, domids } = this.drawn.news(changed, this.xenscope.rings.list(host));
    const elements = [
      ...rings.map((ring) => this.ring(host, ring)),
      ...domids.map((domid) => this.group(host, domid)),
    ];
    if (elements.length > 0) this.changed.fire(elements);
  }

  private forgetGone(host: string): void {
    const rings = this.xenscope.rings.list(host);
    const domids = new Set(rings.map(({ domid }) => domid));
    const ids = new Set(rings.map(({ id }) => id));
    for (const [key, element] of this.elements) {
      if (element.host !== host) continue;
      const stays = element.kind === 'ring' ? ids.has(element.ring) : domids.has(element.domid);
      if (!stays) this.elements.delete(key);
    }
  }

  /** The line above the rows, and which of the welcome texts fits. */
  private describe(): void {
    const { hosts, rings } = this.xenscope;
    const host = hosts.current;
    this.view.description = host?.label;
    const empty = rings.list(hosts.currentId).length === 0;
    const leftOut = rings.leftOut(hosts.currentId);
    const why = host?.whyNoRings && texts.noRings(host.whyNoRings);
    const message = empty ? why : leftOut === 0 ? undefined : texts.ringsLeftOut(leftOut);
    if (this.view.message !== message) this.view.message = message;
    const word = !empty
      ? 'some'
      : host?.state.kind !== 'connected' || !rings.isKnown(hosts.currentId)
        ? 'unknown'
        : 'none';
    if (word === this.contextWord) return;
    this.contextWord = word;
    void vscode.commands.executeCommand('setContext', 'xenscope.rings', word);
  }
  private contextWord = '';
}

function hoverOf(ring: RingRow, owner: string): vscode.MarkdownString {
  const { title, lines } = ringTooltip(ring, owner);
  const hover = new vscode.MarkdownString('**').appendText(title).appendMarkdown('**');
  for (const line of lines) hover.appendMarkdown('\n\n').appendText(line);
  return hover;
}
