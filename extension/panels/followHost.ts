/** What a panel of frames hears of its host and of the window, until it is closed. */
import type * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { texts } from '../texts';
import type { Viewer } from './viewer';

export interface FollowedPanel {
  readonly xenscope: Xenscope;
  readonly host: string;
  readonly panel: vscode.WebviewPanel;
  readonly viewer: Viewer;
  /** No frames come, for this reason. */
  away(text: string): void;
  /** The host is there again, perhaps with another server. */
  connected(): void;
  /** Its domains may be called otherwise. */
  renamed(): void;
  closed(): void;
}

/** `own`: what else the panel listens to; it ends with the panel. */
export function followHost(followed: FollowedPanel, own: readonly { dispose(): void }[]): void {
  const { host, panel, viewer } = followed;
  const { connection, hosts } = followed.xenscope;
  const subscriptions = [
    ...own,
    connection.onState(({ kind }) => kind !== 'running' && followed.away(texts.ringServerAway)),
    hosts.onConnected(({ id }) => id === host && followed.connected()),
    hosts.onDomains((id) => id === host && followed.renamed()),
    hosts.onChange(() => {
      const info = hosts.find(host);
      if (!info && hosts.list.length > 0) followed.away(failures.noSuchHost(host).text);
      else if (info?.state.kind !== 'connected') followed.away(texts.ringHostAway);
    }),
  ];
  panel.onDidDispose(() => {
    viewer.end();
    for (const subscription of subscriptions) subscription.dispose();
    followed.closed();
  });
  panel.onDidChangeViewState(() => void viewer.look());
}
