/**
 * The one object that lives as long as the extension does: the parts, and how they are joined.
 */
import * as vscode from 'vscode';
import type { ApiNotifications } from '../server/rpc/api';
import { Acts } from './acts';
import { Connection } from './connection';
import { failureOf } from './errors';
import { Hosts, simulatorId } from './hosts';
import type { Logs } from './launchServer';
import { say } from './say';
import { onSettings, settings } from './settings';
import { Signal } from './signal';
import { texts } from './texts';
import { Devices } from './devices/devices';
import { DeviceFindings, deviceSubject } from './devices/deviceProblems';
import { reviveDevicePanels } from './panels/device';
import { revivePvCallsPanels } from './panels/pvcalls';
import { reviveComposerPanels } from './panels/pvcallsComposer';
import { reviveInterceptPanels } from './panels/pvcallsIntercept';
import { reviveRingPanels } from './panels/ring';
import { reviveVchanPanels } from './panels/vchan';
import { PvCalls } from './pvcalls/pvcalls';
import { Findings } from './rings/findings';
import { ringSubject } from './rings/ringProblems';
import { Rings } from './rings/rings';
import { faultsOn } from './rings/worldTexts';
import { Favourites } from './pvcallsComposer/favourites';
import { DevicesView } from './views/devicesView';
import { HostsView } from './views/hostsView';
import { Problems } from './views/problems';
import { PvCallsView } from './views/pvcallsView';
import { RetryClock } from './views/retryClock';
import { RingsView } from './views/ringsView';
import { tellSerious } from './views/seriousNote';
import { StatusBar } from './views/statusBar';
import { WatchesView } from './views/watchesView';
import { XenstoreView } from './views/xenstoreView';
import { Watches } from './watches';
import { Worlds } from './worlds';

export class Xenscope implements vscode.Disposable {
  readonly connection: Connection;
  readonly hosts: Hosts;
  readonly watches: Watches;
  readonly acts: Acts;
  readonly rings: Rings;
  readonly devices: Devices;
  readonly pvcalls: PvCalls;
  readonly findings: Findings;
  readonly worlds: Worlds;
  /** Further matches of searches under way. */
  readonly found = new Signal<ApiNotifications['xenscope/found']>();
  readonly vchanNews = new Signal<ApiNotifications['xenscope/vchanNews']>();
  readonly composerNews = new Signal<ApiNotifications['xenscope/composerNews']>();
  readonly interceptNews = new Signal<ApiNotifications['xenscope/interceptNews']>();
  /** Forms of the command composer. */
  readonly favourites: Favourites;
  readonly clock: RetryClock;
  readonly xenstoreView: XenstoreView;
  readonly watchesView: WatchesView;
  readonly ringsView: RingsView;
  readonly devicesView: DevicesView;
  readonly pvcallsView: PvCallsView;

  /** What the person chose for this window; the setting is only where the simulator begins. */
  private chosenPace: number | undefined;
  private awake = false;
  private readonly subscriptions: { dispose(): void }[] = [];

  constructor(
    readonly extension: vscode.ExtensionContext,
    readonly logs: Logs,
  ) {
    const serverScript = extension.asAbsolutePath('dist/server.cjs');
    this.connection = new Connection(serverScript, logs, () => this.chosenPace ?? settings.pace());
    this.hosts = new Hosts(this.connection, extension.workspaceState, this.report);
    this.watches = new Watches(this.connection, extension.workspaceState, this.report);
    this.acts = new Acts(this.connection);
    this.rings = new Rings(this.connection, this.report);
    this.devices = new Devices(this.connection, this.report);
    this.pvcalls = new PvCalls(this.connection, this.report);
    this.findings = new Findings(this.connection, () => Date.now());
    this.worlds = new Worlds(this.connection, this.hosts, this.report);
    this.connection.on('xenscope/found', (news) => this.found.fire(news));
    this.connection.on('xenscope/vchanNews', (news) => this.vchanNews.fire(news));
    this.connection.on('xenscope/composerNews', (news) => this.composerNews.fire(news));
    this.connection.on('xenscope/interceptNews', (news) => this.interceptNews.fire(news));
    this.favourites = new Favourites(extension.globalState);
    this.clock = new RetryClock(this.hosts);
    this.xenstoreView = new XenstoreView(this);
    this.watchesView = new WatchesView(this);
    this.ringsView = new RingsView(this);
    this.devicesView = new DevicesView(this);
    this.pvcallsView = new PvCallsView(this);
    const { nameOfDomain, labelOfHost } = this;
    const aboutRings = ringSubject(this.findings, nameOfDomain);
    const deviceFindings = new DeviceFindings(this.connection, this.report);
    const aboutDevices = deviceSubject(deviceFindings, nameOfDomain);
    const findDeviceTroubles = () => {
      const { current } = this.hosts;
      deviceFindings.follow(current?.state.kind === 'connected' ? current.id : undefined);
    };
    this.subscriptions.push(
      this.connection,
      this.acts,
      this.clock,
      this.xenstoreView,
      this.watchesView,
      this.ringsView,
      this.devicesView,
      this.pvcallsView,
      reviveRingPanels(this),
      reviveDevicePanels(this),
      reviveVchanPanels(this),
      revivePvCallsPanels(this),
      reviveComposerPanels(this),
      reviveInterceptPanels(this),
      new Problems(aboutRings, labelOfHost),
      new Problems(aboutDevices, labelOfHost),
      tellSerious(this.findings, aboutRings),
      vscode.window.onDidChangeWindowState(({ focused }) => focused && this.favourites.look()),
      new HostsView(this),
      new StatusBar(this),
      this.hosts.onChange(() => this.connectShownHost()),
      this.hosts.onShown(findDeviceTroubles),
      this.hosts.onConnected(({ id }) => id === this.hosts.currentId && findDeviceTroubles()),
      this.connection.onState(({ kind }) => kind === 'waiting' && this.acts.undoStack.clear()),
      this.connection.onTrouble((how) => void this.tellTrouble(how)),
      this.connection.root.onJoined(() => void this.hosts.connectWanted().catch(this.report)),
      this.connection.root.onTrouble((text) => void say.warning(texts.rootServerTrouble(text))),
      this.acts.undoStack.onChange(() => this.updateUndoContext()),
      this.hosts.onShown(() => this.updateUndoContext()),
      // First: the new setting replaces what was chosen for this window.
      onSettings(['simulator.pace'], () => (this.chosenPace = undefined)),
      onSettings(['simulator.pace', 'sockets', 'allowDomain0Edits', 'realHost.serverSocket'], () =>
        this.sendSettings(),
      ),
      onSettings(
        ['simulator.seed', 'simulator.ringFeatures', 'server.node', 'realHost.libraries'],
        () => void this.offerRestart(),
      ),
    );
  }

  /** For what nobody waits for: the log, not a message box. */
  readonly report = (error: unknown): void => {
    const failure = failureOf(error);
    if (failure.code !== 'cancelled') this.logs.extension.warn(failure.text);
  };

  /** For what a person waits for without having asked. */
  private readonly tell = (error: unknown): void => {
    this.report(error);
    const failure = failureOf(error);
    // That the server ended is told where the tree would be.
    if (failure.code === 'cancelled' || failure.code === 'server') return;
    const log = 'Show Log';
    void say.error(failure.text, log).then((answer) => {
      if (answer === log) this.logs.server.show();
    });
  };

  /** Somebody looks: the server is needed now, and the simulator with it unless the person said otherwise. */
  wake(): void {
    this.awake = true;
    if (this.connection.state.kind === 'off') this.connection.ready().catch(this.report);
    this.connectShownHost();
  }

  async setPace(host: string, pace: number): Promise<void> {
    this.chosenPace = pace;
    await this.connection.request('xenscope/setPace', { host, pace });
  }

  /** What is broken on purpose on this host, one line for each. */
  faultsOn(host: string): readonly string[] {
    return faultsOn(this.worlds.of(host), (domid) => this.hosts.domainName(host, domid));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private readonly nameOfDomain = (host: string, domid: number) => this.hosts.domainName(host, domid);
  private readonly labelOfHost = (host: string) => this.hosts.find(host)?.label ?? host;

  private connectShownHost(): void {
    if (!this.awake || this.connection.state.kind !== 'running') return;
    if (this.hosts.currentId !== simulatorId || !settings.autoconnect()) return;
    this.hosts.connectQuietly(simulatorId).catch(this.tell);
  }

  private sendSettings(): void {
    if (this.connection.state.kind !== 'running') return;
    const forServer = settings.forServer();
    this.connection
      .request('xenscope/settings', { ...forServer, pace: this.chosenPace ?? forServer.pace })
      .catch(this.report);
  }

  private async offerRestart(): Promise<void> {
    if (this.connection.state.kind === 'off') return;
    const restart = 'Restart Server';
    if ((await say.information(texts.restartNeeded, restart)) === restart) {
      await this.connection.restart().catch(this.report);
    }
  }

  private async tellTrouble(how: string): Promise<void> {
    const restart = 'Restart Now';
    const log = 'Show Log';
    const answer = await say.error(texts.serverTrouble(how), restart, log);
    if (answer === restart) await this.connection.restart().catch(this.report);
    if (answer === log) this.logs.server.show();
  }

  private updateUndoContext(): void {
    const canUndo = this.acts.undoStack.last(this.hosts.currentId) !== undefined;
    void vscode.commands.executeCommand('setContext', 'xenscope.canUndo', canUndo);
  }
}
