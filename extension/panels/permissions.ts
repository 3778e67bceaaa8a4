/** The permissions of one node, as a table. The page draws; everything that reads or changes the store is here. */
import * as vscode from 'vscode';
import type { Perm } from '../../server/rpc/api';
import type { FromPermissions, ToPermissions } from '../../webview/messages';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { FileWatches } from '../fileSystem/fileWatches';
import { nodeName } from '../names';
import { openPage } from './html';
import { OpenPanels } from './openPanels';

export class PermissionsPanel {
  private static readonly panels = new OpenPanels<PermissionsPanel>();

  static open(xenscope: Xenscope, host: string, path: string): void {
    const make = (closed: () => void) => new PermissionsPanel(xenscope, host, path, closed);
    PermissionsPanel.panels.open(`${host}:${path}`, make);
  }

  private readonly panel: vscode.WebviewPanel;

  private constructor(
    private readonly xenscope: Xenscope,
    private readonly host: string,
    private readonly path: string,
    closed: () => void,
  ) {
    const title = `Permissions: ${nodeName(path) || '/'}`;
    this.panel = openPage(xenscope.extension, 'permissions', { title, staysWhenHidden: false });
    // Setting permissions fires watches, so the page follows what others do to them.
    const watches = new FileWatches(xenscope.connection, () => void this.showAgain(), xenscope.report);
    const followed = [
      watches.add(host, path, false),
      watches,
      xenscope.hosts.onConnected(({ id }) => id === host && watches.restore(host)),
    ];
    this.panel.onDidDispose(() => {
      this.isClosed = true;
      for (const one of followed) one.dispose();
      closed();
    });
    this.panel.onDidChangeViewState(() => this.panel.visible && void this.show());
    this.panel.webview.onDidReceiveMessage((message: FromPermissions) => void this.receive(message));
  }

  reveal(): void {
    this.panel.reveal();
  }

  private async receive(message: FromPermissions): Promise<void> {
    switch (message.kind) {
      case 'ready':
      case 'reload':
        return this.show();
      case 'ask':
        return this.preview(message.serial, message.perms);
      case 'apply':
        return this.apply(message.perms, message.base);
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        return this.post({ kind: 'said', text: 'Copied.' });
    }
  }

  /** One look at a time, however fast the node changes, and one after the last change. */
  private async showAgain(): Promise<void> {
    this.isStale = true;
    if (this.isLooking || !this.panel.visible) return;
    this.isLooking = true;
    while (this.isStale) {
      this.isStale = false;
      await this.show();
    }
    this.isLooking = false;
  }
  private isClosed = false;
  private isStale = false;
  private isLooking = false;

  private async show(): Promise<void> {
    const { connection, hosts } = this.xenscope;
    const { host, path } = this;
    await this.orTellFailure(async () => {
      const [{ perms, permsText }, domains] = await Promise.all([
        connection.request('xenscope/detail', { host, path }),
        connection.request('xenscope/domains', { host }),
      ]);
      this.post({
        kind: 'show',
        path,
        hostLabel: hosts.find(host)?.label ?? host,
        perms,
        permsText,
        domains,
      });
    });
  }

  private async preview(serial: number, perms: readonly Perm[]): Promise<void> {
    const { host, path } = this;
    await this.orTellFailure(async () => {
      const act = { kind: 'setPerms', path, perms } as const;
      const { verdict, text, details } = await this.xenscope.connection.request('xenscope/preview', {
        host,
        act,
      });
      this.post({ kind: 'preview', serial, verdict, text, details });
    });
  }

  private async apply(perms: readonly Perm[], expected: readonly Perm[]): Promise<void> {
    const { host, path } = this;
    await this.orTellFailure(async () => {
      const act = { kind: 'setPerms', path, perms, expected } as const;
      const result = await this.xenscope.acts.perform(host, act, { verb: 'Change Permissions' });
      if (!result) return this.post({ kind: 'said', text: 'Nothing was changed.' });
      await this.show();
      this.post({ kind: 'said', text: result.text });
    });
  }

  private async orTellFailure(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.post({ kind: 'failed', text: failureOf(error).text });
    }
  }

  private post(message: ToPermissions): void {
    if (!this.isClosed) void this.panel.webview.postMessage(message);
  }
}
