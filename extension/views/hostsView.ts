/** The view “Hosts”: what can be attached to, how each is doing, and the domains on it. */
import * as vscode from 'vscode';
import type { Domain, HostInfo, HostState, Unavailable } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { faultsOnText, faultsOnTooltip } from '../rings/worldTexts';
import { texts } from '../texts';
import { whenVisible } from './visibility';

export interface HostElement {
  readonly kind: 'host';
  readonly id: string;
}

export interface DomainElement {
  readonly kind: 'domain';
  readonly host: string;
  readonly domain: Domain;
}

type Element = HostElement | DomainElement;

export class HostsView implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Element | undefined>();
  private readonly elements = new Map<string, HostElement>();
  private readonly view: vscode.TreeView<Element>;
  private readonly subscriptions: { dispose(): void }[];

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly xenscope: Xenscope) {
    this.view = vscode.window.createTreeView('xenscope.hosts', {
      treeDataProvider: this,
      showCollapseAll: false,
    });
    this.subscriptions = [
      this.view,
      whenVisible(this.view, () => xenscope.wake()),
      xenscope.hosts.onChange(() => this.changed.fire(undefined)),
      xenscope.worlds.onChange(() => this.changed.fire(undefined)),
      xenscope.clock.onTick(() => {
        for (const { id, state } of xenscope.hosts.list) {
          if (state.kind === 'away') this.changed.fire(this.element(id));
        }
      }),
    ];
  }

  getChildren(element?: Element): Element[] {
    const { hosts } = this.xenscope;
    if (!element) return hosts.list.map(({ id }) => this.element(id));
    if (element.kind === 'domain') return [];
    return hosts.domains(element.id).map((domain) => ({ kind: 'domain', host: element.id, domain }));
  }

  getTreeItem(element: Element): vscode.TreeItem {
    if (element.kind === 'domain') return this.domainItem(element);
    const host = this.xenscope.hosts.find(element.id);
    return host ? this.hostItem(host) : new vscode.TreeItem(element.id);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  private element(id: string): HostElement {
    let element = this.elements.get(id);
    if (!element) this.elements.set(id, (element = { kind: 'host', id }));
    return element;
  }

  private hostItem(host: HostInfo): vscode.TreeItem {
    const { hosts, clock, connection } = this.xenscope;
    const shown = host.id === hosts.currentId;
    const item = new vscode.TreeItem(host.label);
    const connected = host.state.kind === 'connected';
    const hasDomains = connected && hosts.domains(host.id).length > 0;
    item.id = host.id;
    item.collapsibleState = hasDomains
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.None;
    const { unavailable } = host;
    const state = unavailable
      ? texts.unavailable[unavailable.kind]
      : texts.hostState(hosts.stateOf(host), clock.retryInMs(host.id));
    const throughRoot = host.kind === 'machine' ? connection.root.path : undefined;
    const pace = host.world && connected && host.world.pace !== 1 ? texts.pace(host.world.pace) : undefined;
    const held = this.xenscope.worlds.isHeld(host.id) ? 'held' : undefined;
    const faults = connected ? this.xenscope.faultsOn(host.id) : [];
    const several = hosts.list.filter((one) => !one.unavailable).length > 1;
    item.description = [
      state,
      throughRoot && 'as root',
      held,
      faultsOnText(faults),
      shown && several ? 'shown' : undefined,
      pace,
    ]
      .filter(Boolean)
      .join(' · ');
    item.iconPath = unavailable
      ? unavailableIcon(unavailable)
      : hostIcon(host.kind, hosts.stateOf(host).kind);
    item.contextValue = hostContext(host, shown, this.xenscope.worlds.of(host.id)?.held);
    const about = [...texts.hostTooltip(host, throughRoot), ...faultsOnTooltip(faults)];
    item.tooltip = [host.label, ...about].join('\n\n');
    item.accessibilityInformation = { label: `${host.label}, ${item.description}` };
    return item;
  }

  private domainItem({ host, domain }: DomainElement): vscode.TreeItem {
    const item = new vscode.TreeItem(domain.name ?? `Domain ${domain.domid}`);
    const inWorld = this.xenscope.worlds.domain(host, domain.domid);
    item.id = `${host}:${domain.domid}`;
    const state = inWorld?.isRunning === false ? inWorld.state : domain.state;
    item.description = [`domain ${domain.domid}`, domain.type, state].filter(Boolean).join(' · ');
    item.iconPath = new vscode.ThemeIcon('vm');
    item.contextValue = ['domain', ...(inWorld?.can ?? [])].join(' ');
    item.tooltip = `Show /local/domain/${domain.domid} in the tree`;
    if (domain.isInStore === false) {
      item.tooltip = 'Xen has this domain; it has no nodes in the xenstore';
      return item;
    }
    item.command = {
      command: 'xenscope.reveal',
      title: 'Show in Tree',
      arguments: [{ host, path: `/local/domain/${domain.domid}` }],
    };
    return item;
  }
}

/** `held` is undefined for a host that is no world, or is not connected. */
function hostContext(host: HostInfo, shown: boolean, held: boolean | undefined): string {
  const words = ['host', host.kind, host.unavailable ? 'unavailable' : host.state.kind];
  if (host.unavailable?.command !== undefined) words.push('command');
  if (host.removable) words.push('removable');
  if (host.socketPath !== undefined) words.push('socketPath');
  if (host.recorded) words.push('recorded');
  if (held !== undefined) words.push(held ? 'held' : 'going');
  words.push(shown ? 'shown' : 'hidden');
  return words.join(' ');
}

function hostIcon(kind: HostInfo['kind'], state: HostState['kind']): vscode.ThemeIcon {
  switch (state) {
    case 'connected':
      return new vscode.ThemeIcon(
        kind === 'simulator' ? 'beaker' : 'server',
        new vscode.ThemeColor('testing.iconPassed'),
      );
    case 'connecting':
      return new vscode.ThemeIcon('loading~spin');
    case 'away':
      return new vscode.ThemeIcon('debug-disconnect', new vscode.ThemeColor('list.warningForeground'));
    case 'idle':
      return new vscode.ThemeIcon(kind === 'simulator' ? 'beaker' : 'server');
  }
}

function unavailableIcon({ kind }: Unavailable): vscode.ThemeIcon {
  return new vscode.ThemeIcon(
    kind === 'denied' ? 'lock' : 'circle-slash',
    new vscode.ThemeColor('disabledForeground'),
  );
}
