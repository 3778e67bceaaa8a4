/** The view “Devices”: both ends of each device of the host that is shown, by the domain that uses it. */
import * as vscode from 'vscode';
import type { DeviceRow, DeviceSideName } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { deviceContext, isGoneDomain } from '../devices/deviceActs';
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
import { HostRowsView, hoverOf, themeIcon } from './hostRowsView';

type Element =
  | { readonly kind: 'domain'; readonly host: string; readonly domid: number }
  | { readonly kind: 'device'; readonly host: string; readonly device: string }
  | { readonly kind: 'side'; readonly host: string; readonly device: string; readonly side: DeviceSideName };

const connectTimeoutMs = 10_000;
const rowTimeoutMs = 5_000;
const sides: readonly DeviceSideName[] = ['frontend', 'backend'];

export class DevicesView extends HostRowsView<DeviceRow, Element> {
  constructor(xenscope: Xenscope) {
    super(xenscope, 'devices', xenscope.devices);
    this.begin();
  }

  protected childrenOf(element?: Element): Element[] {
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
    if (element.kind === 'domain') return this.groupItem(element.host, element.domid);
    const row = this.xenscope.devices.find(element.host, element.device);
    if (!row) return new vscode.TreeItem(element.device);
    return element.kind === 'device'
      ? this.deviceItem(element.host, row)
      : this.sideItem(element.host, row, element.side);
  }

  resolveTreeItem(item: vscode.TreeItem, element: Element): vscode.TreeItem {
    const row = element.kind === 'device' && this.xenscope.devices.find(element.host, element.device);
    const ownerOf = (domid: number) => this.xenscope.hosts.domainName(element.host, domid);
    if (row) item.tooltip = hoverOf(deviceTooltip(row, ownerOf));
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
    this.changed.flush();
    await this.view.reveal(element, { select: true, focus: true, expand: true });
  }

  protected groupOf({ frontend }: DeviceRow): number {
    return frontend.domid;
  }

  protected group(host: string, domid: number): Element {
    return this.element({ kind: 'domain', host, domid });
  }

  protected changedElements(changed: readonly DeviceRow[]): Element[] {
    const host = this.xenscope.hosts.currentId;
    const domids = new Set(changed.map(({ frontend }) => frontend.domid));
    return [
      ...changed.map(({ id }) => this.element({ kind: 'device', host, device: id })),
      ...[...domids].map((domid) => this.group(host, domid)),
    ];
  }

  protected presence(host: string): (element: Element) => boolean {
    const rows = this.xenscope.devices.list(host);
    const ids = new Set(rows.map(({ id }) => id));
    const domids = new Set(rows.map(({ frontend }) => frontend.domid));
    return (element) => (element.kind === 'domain' ? domids.has(element.domid) : ids.has(element.device));
  }

  protected message(host: string): string | undefined {
    const leftOut = this.xenscope.devices.leftOut(host);
    return leftOut === 0 ? undefined : texts.devicesLeftOut(leftOut);
  }

  private groupItem(host: string, domid: number): vscode.TreeItem {
    const rows = this.ofDomain(host, domid);
    const context = isGoneDomain(rows) ? 'deviceDomain gone' : 'deviceDomain';
    return this.domainItem(host, domid, [devicesSummary(rows)], context);
  }

  private deviceItem(host: string, row: DeviceRow): vscode.TreeItem {
    const item = new vscode.TreeItem(deviceLabel(row), vscode.TreeItemCollapsibleState.Collapsed);
    item.id = `device:${host}:${row.id}`;
    item.description = deviceDescription(row);
    item.iconPath = themeIcon(deviceIcon(row));
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
}
