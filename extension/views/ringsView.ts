/** The view “Rings”: the shared rings of the host that is shown, by domain, alive while one looks. */
import * as vscode from 'vscode';
import type { RingRow } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import {
  groupDescription,
  ringDescription,
  ringLabel,
  ringSpoken,
  ringTooltip,
  verdictIcon,
} from '../rings/ringTexts';
import { DrawnRows } from '../rings/drawnRows';
import { texts } from '../texts';
import { HostRowsView, hoverOf, themeIcon } from './hostRowsView';

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

const selectionPatienceMs = 3_000;
const lookAgainMs = 50;

export class RingsView extends HostRowsView<RingRow, Element> {
  private readonly drawn = new DrawnRows();

  constructor(xenscope: Xenscope) {
    super(xenscope, 'rings', xenscope.rings);
    const { hosts, worlds } = xenscope;
    this.begin(worlds.onChange((id) => id === hosts.currentId && this.changed.refresh()));
  }

  get selected(): RingElement | undefined {
    const [element] = this.view.selection;
    return element?.kind === 'ring' ? element : undefined;
  }

  /**
   * The ring that was just clicked. On a busy machine news of the selection come a moment after the click itself, and
   * a row that is being drawn anew is none for as long.
   */
  async clicked(): Promise<RingElement | undefined> {
    for (let waitedMs = 0; !this.selected && waitedMs < selectionPatienceMs; waitedMs += lookAgainMs) {
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
    return this.selected;
  }

  protected childrenOf(element?: Element): Element[] {
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
    if (ring) item.tooltip = hoverOf(ringTooltip(ring, this.owner(element)));
    return item;
  }

  protected groupOf({ domid }: RingRow): number {
    return domid;
  }

  protected changedElements(changed: readonly RingRow[]): Element[] {
    const host = this.xenscope.hosts.currentId;
    const { rings, domids } = this.drawn.news(changed, this.xenscope.rings.list(host));
    return [...rings.map((ring) => this.ring(host, ring)), ...domids.map((domid) => this.group(host, domid))];
  }

  protected presence(host: string): (element: Element) => boolean {
    const rings = this.xenscope.rings.list(host);
    const domids = new Set(rings.map(({ domid }) => domid));
    const ids = new Set(rings.map(({ id }) => id));
    return (element) => (element.kind === 'ring' ? ids.has(element.ring) : domids.has(element.domid));
  }

  /** Why there are none, or that there are more. */
  protected message(host: string): string | undefined {
    const { hosts, rings } = this.xenscope;
    const why = hosts.current?.whyNoRings;
    if (rings.list(host).length === 0) return why && texts.noRings(why);
    const leftOut = rings.leftOut(host);
    return leftOut === 0 ? undefined : texts.ringsLeftOut(leftOut);
  }

  protected override redraw(): void {
    this.drawn.forget();
    super.redraw();
  }

  private groupItem({ host, domid }: DomainGroup): vscode.TreeItem {
    const domain = this.xenscope.hosts.domains(host).find((one) => one.domid === domid);
    const rings = this.xenscope.rings.list(host).filter((ring) => ring.domid === domid);
    const world = this.xenscope.worlds.domain(host, domid);
    const state = world?.isRunning === false ? world.state : domain?.state;
    const context = ['ringDomain', ...(world?.can ?? [])].join(' ');
    return this.domainItem(host, domid, [state, groupDescription(rings)], context);
  }

  private ringItem(element: RingElement): vscode.TreeItem {
    const ring = this.xenscope.rings.find(element.host, element.ring);
    const item = new vscode.TreeItem(ring ? this.labelOf(element.host, ring) : element.ring);
    item.id = `ring:${element.host}:${element.ring}`;
    if (!ring) return item;
    item.description = ringDescription(ring);
    item.iconPath = themeIcon(verdictIcon(ring.verdict));
    item.contextValue = `ring ${ring.kind}`;
    // Without arguments: those of a row that is drawn anew while it is clicked are lost on the way.
    item.command = { command: 'xenscope.ring.openSelected', title: 'Open Ring' };
    item.accessibilityInformation = { label: ringSpoken(ring, this.owner(element)) };
    return item;
  }

  /** A domain may offer several vchans: `vchan with vault`. */
  private labelOf(host: string, ring: RingRow): string {
    const { peerDomid } = ring;
    if (peerDomid === undefined) return ringLabel(ring);
    const peer = this.xenscope.hosts.domains(host).find((one) => one.domid === peerDomid)?.name;
    return `${ringLabel(ring)} with ${peer ?? `domain ${peerDomid}`}`;
  }

  private owner({ host, domid }: Element): string {
    return this.xenscope.hosts.domainName(host, domid);
  }

  protected group(host: string, domid: number): Element {
    return this.element({ kind: 'group', host, domid });
  }

  private ring(host: string, { id, domid }: RingRow): Element {
    return this.element({ kind: 'ring', host, ring: id, domid });
  }
}
