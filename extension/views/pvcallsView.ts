/** The view “PV Calls”: the devices of the host that is shown, and the sockets of those that are open, live. */
import * as vscode from 'vscode';
import type { PvCallsDeviceRow, PvCallsSocketRow } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import {
  pvcallsDescription,
  pvcallsIcon,
  pvcallsLabel,
  pvcallsSpoken,
  pvcallsTooltip,
} from '../pvcalls/deviceTexts';
import { ShownSockets } from '../pvcalls/shownSockets';
import {
  socketDescription,
  socketIcon,
  socketLabel,
  socketSpoken,
  socketTooltip,
} from '../pvcalls/socketTexts';
import { failures } from '../errors';
import { plain } from '../plain';
import { texts } from '../texts';
import { HostRowsView, hoverOf, themeIcon } from './hostRowsView';

type Element =
  | { readonly kind: 'device'; readonly host: string; readonly device: string }
  | {
      readonly kind: 'socket';
      readonly host: string;
      readonly device: string;
      readonly socket: string;
      /** Its data rings among the rings of the host. */
      readonly ring?: string;
    }
  /** There are more than a tree shows well: the panel has them all. */
  | { readonly kind: 'more'; readonly host: string; readonly device: string }
  /** Its sockets cannot be shown. */
  | { readonly kind: 'problem'; readonly host: string; readonly device: string };

/** Of one device; the panel of the device shows further ones. */
const maxSocketRows = 100;
/** A device with more than that is closed at first. */
const maxOpenSockets = 20;
const connectTimeoutMs = 10_000;
const rowTimeoutMs = 5_000;

export class PvCallsView extends HostRowsView<PvCallsDeviceRow, Element, string> {
  private readonly sockets: ShownSockets;
  /** What the rows of sockets say on screen: one that would say the same is not drawn again. */
  private readonly drawn = new Map<Element, string>();
  /**
   * Devices that have had a socket. VS Code keeps a row closed that it has drawn without children, whatever its item
   * says later: with the first socket it gets an id of its own, and is another row, which is open.
   */
  private readonly filled = new WeakSet<Element>();

  constructor(xenscope: Xenscope) {
    super(xenscope, 'pvcalls', xenscope.pvcalls);
    this.sockets = new ShownSockets(xenscope.connection, xenscope.pvcalls, xenscope.report);
    const { sockets, view } = this;
    this.begin(
      sockets,
      sockets.onChange(({ host, device, structure, changed }) => {
        if (host === xenscope.hosts.currentId) this.takeSockets(device, structure, changed);
      }),
      view.onDidExpandElement(({ element }) => void this.childrenOf(element)),
      view.onDidCollapseElement(({ element }) => sockets.hide(element.host, element.device)),
      view.onDidChangeVisibility(({ visible }) => {
        if (visible) this.changed.refresh();
        else sockets.hideAll();
      }),
      xenscope.hosts.onShown(() => sockets.hideAll()),
      xenscope.hosts.onConnected(() => {
        // Another server, perhaps: what was asked of the one before is forgotten there.
        sockets.hideAll();
        this.changed.refresh();
      }),
    );
  }

  protected childrenOf(element?: Element): Element[] {
    const host = this.xenscope.hosts.currentId;
    if (!element) return this.rows.list(host).map(({ id }) => this.group(host, id));
    const row = element.kind === 'device' && this.rows.find(host, element.device);
    if (!row) return [];
    const { device } = element;
    const sockets = this.sockets.show(host, device);
    const problem = this.sockets.problem(host, device);
    if (problem !== undefined) return [this.element({ kind: 'problem', host, device })];
    const shown: Element[] = sockets.slice(0, maxSocketRows).map((one) => this.socket(host, device, one));
    return sockets.length > shown.length ? [...shown, this.element({ kind: 'more', host, device })] : shown;
  }

  getParent(element: Element): Element | undefined {
    return element.kind === 'device' ? undefined : this.group(element.host, element.device);
  }

  getTreeItem(element: Element): vscode.TreeItem {
    const { host, device } = element;
    const row = this.rows.find(host, device);
    if (!row) return new vscode.TreeItem(device);
    if (element.kind === 'device') return this.deviceItem(host, row);
    if (element.kind === 'more') return this.moreItem(host, device);
    if (element.kind === 'problem') return this.problemItem(host, device);
    const socket = this.sockets.find(host, device, element.socket);
    return socket ? this.socketItem(element, row, socket) : new vscode.TreeItem(element.socket);
  }

  resolveTreeItem(item: vscode.TreeItem, element: Element): vscode.TreeItem {
    const { host, device } = element;
    const row = this.rows.find(host, device);
    if (!row) return item;
    if (element.kind === 'device') {
      item.tooltip = hoverOf(pvcallsTooltip(row, ({ domid }) => this.xenscope.hosts.domainName(host, domid)));
    }
    const socket = element.kind === 'socket' && this.sockets.find(host, device, element.socket);
    if (socket) item.tooltip = hoverOf(socketTooltip(socket));
    return item;
  }

  /** The row of a device, selected, with its sockets below it. */
  async reveal(host: string, device: string): Promise<void> {
    const { hosts } = this.xenscope;
    hosts.show(host);
    await hosts.whenConnected(host, connectTimeoutMs);
    await vscode.commands.executeCommand('xenscope.pvcalls.focus');
    if (!(await this.rows.whenThere(host, device, rowTimeoutMs))) throw failures.noSuchDevice(device);
    this.changed.flush();
    await this.view.reveal(this.group(host, device), { select: true, focus: true, expand: true });
  }

  protected groupOf({ id }: PvCallsDeviceRow): string {
    return id;
  }

  protected group(host: string, device: string): Element {
    return this.element({ kind: 'device', host, device });
  }

  protected changedElements(changed: readonly PvCallsDeviceRow[]): Element[] {
    const host = this.xenscope.hosts.currentId;
    const isFilledNow = ({ id, sockets }: PvCallsDeviceRow) =>
      sockets.all > 0 && !this.filled.has(this.group(host, id));
    // Rows with another id are looked for in the whole view alone.
    if (changed.some(isFilledNow)) this.changed.refresh();
    return changed.map(({ id }) => this.group(host, id)).filter((element) => this.isNews(element));
  }

  protected presence(host: string): (element: Element) => boolean {
    const ids = new Set(this.rows.list(host).map(({ id }) => id));
    return (element) =>
      ids.has(element.device) &&
      (element.kind !== 'socket' || this.sockets.find(host, element.device, element.socket) !== undefined);
  }

  protected message(): undefined {
    return undefined;
  }

  private takeSockets(device: string, structure: boolean, changed: readonly PvCallsSocketRow[]): void {
    const host = this.xenscope.hosts.currentId;
    const group = this.group(host, device);
    if (structure) {
      this.forgetGone(host);
      const isThere = this.presence(host);
      for (const element of this.drawn.keys()) {
        if (element.host !== host || !isThere(element)) this.drawn.delete(element);
      }
      return this.changed.refresh([group]);
    }
    const elements = changed.map((row) => this.socket(host, device, row));
    const news = elements.filter((element) => this.drawn.has(element) && this.isNews(element));
    if (news.length > 0) this.changed.refresh(news);
  }

  /** Whether its row says something else than it does on screen. */
  private isNews(element: Element): boolean {
    return this.drawn.get(element) !== this.wordsOf(element);
  }

  private wordsOf(element: Element): string {
    const { host, device } = element;
    if (element.kind === 'socket') {
      const row = this.sockets.find(host, device, element.socket);
      return row ? `${socketIcon(row).icon} ${socketDescription(row)}` : '';
    }
    const row = this.rows.find(host, device);
    return row ? `${pvcallsIcon(row).icon} ${pvcallsDescription(row)}` : '';
  }

  private deviceItem(host: string, row: PvCallsDeviceRow): vscode.TreeItem {
    const { Expanded, Collapsed, None } = vscode.TreeItemCollapsibleState;
    const { all } = row.sockets;
    const state = all > maxOpenSockets ? Collapsed : all > 0 ? Expanded : None;
    const item = new vscode.TreeItem(pvcallsLabel(row), state);
    const element = this.group(host, row.id);
    if (all > 0) this.filled.add(element);
    item.id = this.deviceItemId(host, row.id);
    item.description = pvcallsDescription(row);
    item.iconPath = themeIcon(pvcallsIcon(row));
    item.contextValue = 'pvcallsDevice';
    item.accessibilityInformation = { label: pvcallsSpoken(row) };
    this.drawn.set(element, this.wordsOf(element));
    return item;
  }

  /** Rows below it have it in theirs: VS Code loses a row that stands below another one all of a sudden. */
  private deviceItemId(host: string, device: string): string {
    return `pvcalls:${host}:${device}${this.filled.has(this.group(host, device)) ? ':filled' : ''}`;
  }

  /** A click opens the panel of its device, at this socket. */
  private socketItem(
    element: Extract<Element, { kind: 'socket' }>,
    device: PvCallsDeviceRow,
    row: PvCallsSocketRow,
  ): vscode.TreeItem {
    const { host } = element;
    const item = new vscode.TreeItem(socketLabel(row));
    item.id = `${this.deviceItemId(host, device.id)}:${row.key}`;
    item.description = socketDescription(row);
    item.iconPath = themeIcon(socketIcon(row));
    item.contextValue = element.ring === undefined ? 'pvcallsSocket' : 'pvcallsSocket ring';
    item.accessibilityInformation = { label: socketSpoken(row, device.frontend.name) };
    item.command = {
      command: 'xenscope.pvcalls.open',
      title: 'Open PV Calls',
      arguments: [{ host, device: device.id, socket: row.key }],
    };
    this.drawn.set(element, this.wordsOf(element));
    return item;
  }

  private moreItem(host: string, device: string): vscode.TreeItem {
    const left = this.sockets.show(host, device).length - maxSocketRows;
    const item = new vscode.TreeItem(texts.moreSockets(left));
    item.id = `pvcalls:${host}:${device}:more`;
    item.iconPath = new vscode.ThemeIcon('ellipsis');
    item.command = {
      command: 'xenscope.pvcalls.open',
      title: 'Open PV Calls',
      arguments: [{ host, device }],
    };
    return item;
  }

  private problemItem(host: string, device: string): vscode.TreeItem {
    const item = new vscode.TreeItem('Its sockets cannot be shown');
    item.id = `pvcalls:${host}:${device}:problem`;
    item.description = plain(this.sockets.problem(host, device) ?? '');
    item.tooltip = `${item.description}\nTo try again, close the row of the device and open it.`;
    item.iconPath = new vscode.ThemeIcon('warning');
    return item;
  }

  private socket(host: string, device: string, { key, rings }: PvCallsSocketRow): Element {
    const ring = rings?.ring;
    return this.element({ kind: 'socket', host, device, socket: key, ...(ring !== undefined && { ring }) });
  }
}
