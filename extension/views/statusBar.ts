/** The status bar: which host is shown, and how it is doing. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { plain } from '../plain';
import { faultsOnText, faultsOnTooltip } from '../rings/worldTexts';
import { texts } from '../texts';

export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  /** Only there while the world that is shown is held. */
  private readonly held: vscode.StatusBarItem;
  private readonly subscriptions: { dispose(): void }[];

  constructor(private readonly xenscope: Xenscope) {
    this.item = vscode.window.createStatusBarItem('xenscope.host', vscode.StatusBarAlignment.Left, 40);
    this.item.name = 'Xenscope Host';
    this.item.command = 'xenscope.menu';
    this.held = vscode.window.createStatusBarItem('xenscope.held', vscode.StatusBarAlignment.Left, 39.5);
    this.held.name = 'Xenscope World Is Held';
    this.held.text = '$(debug-pause) held';
    this.held.tooltip = texts.held;
    this.held.command = 'xenscope.world.resume';
    this.held.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    this.held.accessibilityInformation = { label: texts.held, role: 'button' };
    this.subscriptions = [
      this.item,
      this.held,
      xenscope.worlds.onChange(() => this.drawHeld()),
      xenscope.worlds.onChange(() => this.draw()),
      xenscope.hosts.onShown(() => this.drawHeld()),
      xenscope.hosts.onChange(() => this.draw()),
      xenscope.clock.onTick(() => this.draw()),
      xenscope.connection.onState(() => this.draw()),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private drawHeld(): void {
    const { hosts, worlds } = this.xenscope;
    const isHeld = worlds.isHeld(hosts.currentId);
    if (isHeld) this.held.show();
    else this.held.hide();
    void vscode.commands.executeCommand('setContext', 'xenscope.held', isHeld);
  }

  private draw(): void {
    const { connection } = this.xenscope;
    this.item.backgroundColor = undefined;
    switch (connection.state.kind) {
      case 'off':
        return this.item.hide();
      case 'starting':
        this.set('$(loading~spin) Xenscope', 'Xenscope: the server is starting');
        break;
      case 'waiting':
        this.set('$(error) Xenscope: server stopped', texts.status.stopped);
        this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.errorBackground');
        break;
      case 'running':
        this.drawHost();
    }
    this.item.show();
  }

  private drawHost(): void {
    const { hosts, clock } = this.xenscope;
    const host = hosts.current;
    if (!host) return this.set('$(server) Xenscope: no host', 'Xenscope: choose a host');
    const kind = hosts.stateOf(host).kind;
    const state = texts.hostState(hosts.stateOf(host), clock.retryInMs(host.id));
    const icons = {
      idle: 'circle-outline',
      connecting: 'loading~spin',
      connected: 'circle-filled',
      away: 'debug-disconnect',
    };
    const faults = kind === 'connected' ? this.xenscope.faultsOn(host.id) : [];
    const fine = [host.label, faultsOnText(faults)].filter(Boolean).join(' · ');
    const words = kind === 'connected' ? fine : `${host.label}: ${state}`;
    const reason = host.state.kind === 'away' ? [host.state.reason] : [];
    const about = [`Xenscope: ${host.label}, ${state}`, ...reason, ...faultsOnTooltip(faults)];
    this.set(`$(${icons[kind]}) ${plain(words)}`, about.join('\n\n'));
    if (host.state.kind === 'away') {
      this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    }
  }

  private set(text: string, tooltip: string): void {
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: tooltip, role: 'button' };
  }
}
