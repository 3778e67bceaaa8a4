/** The view “Devices”: both ends of each device of the host that is shown, by the domain that uses it. */
import * as vscode from 'vscode';
import type { DeviceRow, DeviceSideName } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { deviceContext, isGoneDomain } from '../devices/deviceActs';
import type { DevicesChange } from '../devices/devices';
import {
  deviceDescription,
  deviceIcon,
  deviceLabel,
  deviceSpoken,
  deviceTooltip,
  devicesSummary,
  sideDescription,
  stateMeaning,
} from '../devices/deviceTexts';
import { failures } from '../errors';
import { texts } from '../texts';
import { whenVisible } from './visibility';

type Element =
  | { readonly kind: 'domain'; readonly host: string; readonly domid: number }
  | { readonly kind: 'device'; readonly host: string; readonly device: string }
  | { readonly kind: 'side'; readonly host: string; readonly device: string; readonly side: DeviceSideName };

const connectTimeoutMs = 10_000;
const rowTimeoutMs = 5_000;
const sides: readonly DeviceSideName[] = ['frontend', 'backend'];

export class DevicesView implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Element[] | undefined>();
  private readonly elements = new Map<string, Element>();
  private readonly view: vscode.TreeView<Element>;
  private readonly subscriptions: { dispose(): void }[];
  private contextWord = '';

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly xenscope: Xenscope) {
    const { hosts, devices } = xenscope;
    this.view = vscode.window.createTreeView('xenscope.devices', {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.subscriptions = [
      this.view,
      whenVisible(
        this.view,
        () => this.shown(),
        () => devices.follow(undefined),
      ),
      devices.onChange((change) => this.take(change)),
      hosts.onShown(() => this.otherHost()),
      hosts.onConnected(({ id }) => id === hosts.currentId && this.followIfVisible()),
      hosts.onDomains((id) => id === hosts.currentId && this.redraw()),
      hosts.onChange(() => this.describe()),
    ];
    this.describe();
  }

  getChildren(element?: Element): Element[] {
    const host = this.xenscope.hosts.currentId;
    if (element?.kind === 'side') return [];
    if (element?.kind === 'device') {
      return sides.map((side) => this.element({ kind: 'side', host, device: element.device, side }));
    }
    const devices = this.xenscope.devices.list(host);
    if (element)
      return this.ofDomain(host, element.domid).map(({ id }) =>
        this.element({ kind: 'device', host, device: id }),
      );
    return [...new Set(devices.map(({ frontend }) => frontend.domid))].map((domid) =>
      this.element({ kind: 'domain', host, domid }),
    );
  }

  getParent(element: Element): Element | undefined {
    if (element.kind === 'domain') return undefined;
    const { host, device } = element;
    if (element.kind === 'side') return this.element({ kind: 'device', host, device });
    const row = this.xenscope.devices.find(host, device);
    return row && this.element({ kind: 'domain', host, domid: row.frontend.domid });
  }

  getTreeItem(element: Element): vscode.TreeItem {
    if (element.kind === 'domain') return this.domainItem(element.host, element.domid);
    const row = this.xenscope.devices.find(element.host, element.device);
    if (!row) return new vscode.TreeItem(element.device);
    return element.kind === 'device'
      ? this.deviceItem(element.host, row)
      : this.sideItem(element.host, row, element.side);
  }

  resolveTreeItem(item: vscode.TreeItem, element: Element): vscode.TreeItem {
    const row = element.kind === 'device' && this.xenscope.devices.find(element.host, element.device);
    if (row) item.tooltip = hoverOf(row, (domid) => this.xenscope.hosts.domainName(element.host, domid));
    return item;
  }

  /** The row of a device, selected, with both its ends below it. */
  async reveal(host: string, device: string): Promise<void> {
    const { hosts, devices } = this.xenscope;
    hosts.show(host);
    await hosts.whenConnected(host, connectTimeoutMs);
    await vscode.commands.executeCommand('xenscope.devices.focus');
    if (!(await devices.whenThere(host, device, rowTimeoutMs))) throw failures.noSuchDevice(device);
    const element = this.element({ kind: 'device', host, device });
    await this.view.reveal(element, { select: true, focus: true, expand: true });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  private domainItem(host: string, domid: number): vscode.TreeItem {
    const name = this.xenscope.hosts.domains(host).find((one) => one.domid === domid)?.name;
    const item = new vscode.TreeItem(name ?? `Domain ${domid}`, vscode.TreeItemCollapsibleState.Expanded);
    item.id = `devices:${host}:${domid}`;
    item.description = `domain ${domid} · ${devicesSummary(this.ofDomain(host, domid))}`;
    item.iconPath = new vscode.ThemeIcon('vm');
    item.contextValue = isGoneDomain(this.ofDomain(host, domid)) ? 'deviceDomain gone' : 'deviceDomain';
    item.accessibilityInformation = { label: `${name ?? 'Domain'}, ${item.description}` };
    return item;
  }

  private deviceItem(host: string, row: DeviceRow): vscode.TreeItem {
    const item = new vscode.TreeItem(deviceLabel(row), vscode.TreeItemCollapsibleState.Collapsed);
    const { icon, color } = deviceIcon(row);
    item.id = `device:${host}:${row.id}`;
    item.description = deviceDescription(row);
    item.iconPath = new vscode.ThemeIcon(
      icon,
      color === undefined ? undefined : new vscode.ThemeColor(color),
    );
    item.contextValue = deviceContext(row);
    const owner = this.xenscope.hosts.domainName(host, row.frontend.domid);
    item.accessibilityInformation = { label: deviceSpoken(row, owner) };
    return item;
  }

  /** One end: a click leads to its folder in the tree. */
  private sideItem(host: string, row: DeviceRow, side: DeviceSideName): vscode.TreeItem {
    const end = row[side];
    const item = new vscode.TreeItem(side === 'frontend' ? 'Frontend' : 'Backend');
    item.id = `device:${host}:${row.id}:${side}`;
    item.description = sideDescription(end);
    item.iconPath = new vscode.ThemeIcon(row.turn.who === side ? 'arrow-right' : 'blank');
    item.tooltip = stateMeaning(side, end.state);
    item.contextValue = 'deviceSide';
    if (end.exists) {
      item.command = {
        command: 'xenscope.reveal',
        title: 'Show in the Tree',
        arguments: [{ host, path: end.path }],
      };
    }
    return item;
  }

  private ofDomain(host: string, domid: number): DeviceRow[] {
    return this.xenscope.devices.list(host).filter(({ frontend }) => frontend.domid === domid);
  }

  /** The same object each time, so that VS Code keeps what is open and selected. */
  private element(fresh: Element): Element {
    const key = JSON.stringify(fresh);
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
    const { hosts, devices } = this.xenscope;
    if (this.view.visible && hosts.current?.state.kind === 'connected') devices.follow(hosts.currentId);
  }

  private otherHost(): void {
    this.xenscope.devices.follow(undefined);
    this.followIfVisible();
    this.redraw();
  }

  private redraw(): void {
    this.changed.fire(undefined);
    this.describe();
  }

  private take({ host, structure, changed }: DevicesChange): void {
    if (host !== this.xenscope.hosts.currentId) return;
    if (structure) {
      this.forgetGone(host);
      return this.redraw();
    }
    const domids = new Set(changed.map(({ frontend }) => frontend.domid));
    this.changed.fire([
      ...changed.map(({ id }) => this.element({ kind: 'device', host, device: id })),
      ...[...domids].map((domid) => this.element({ kind: 'domain', host, domid })),
    ]);
  }

  private forgetGone(host: string): void {
    const rows = this.xenscope.devices.list(host);
    const ids = new Set(rows.map(({ id }) => id));
    const domids = new Set(rows.map(({ frontend }) => frontend.domid));
    for (const [key, element] of this.elements) {
      if (element.host !== host) continue;
      const stays = element.kind === 'domain' ? domids.has(element.domid) : ids.has(element.device);
      if (!stays) this.elements.delete(key);
    }
  }

  /** The line above the rows, and which of the welcome texts fits. */
  private describe(): void {
    const { hosts, devices } = this.xenscope;
    this.view.description = hosts.current?.label;
    const leftOut = devices.leftOut(hosts.currentId);
    const message = leftOut === 0 ? undefined : texts.devicesLeftOut(leftOut);
    if (this.view.message !== message) this.view.message = message;
    const isEmpty = devices.list(hosts.currentId).length === 0;
    const isKnown = hosts.current?.state.kind === 'connected' && devices.isKnown(hosts.currentId);
    const word = !isEmpty ? 'some' : isKnown ? 'none' : 'unknown';
    if (word === this.contextWord) return;
    this.contextWord = word;
    void vscode.commands.executeCommand('setContext', 'xenscope.devices', word);
  }
}

function hoverOf(row: DeviceRow, ownerOf: (domid: number) => string): vscode.MarkdownString {
  const { title, lines } = deviceTooltip(row, ownerOf);
  const hover = new vscode.MarkdownString('**').appendText(title).appendMarkdown('**');
  for (const line of lines) hover.appendMarkdown('\n\n').appendText(line);
  return hover;
}
