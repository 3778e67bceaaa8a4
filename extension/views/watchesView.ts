/** The view “Watches”: the paths that the person watches, each with its last events; and their log. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { texts } from '../texts';
import {
  clockTime,
  describeChange,
  logLine,
  maxEventsPerWatch,
  setAgainText,
  Watch,
  type WatchEvent,
} from '../watches';
import { octetsOf, printable } from '../values';
import { Refresher } from './refresher';

type Element = Watch | WatchEvent;

export class WatchesView implements vscode.TreeDataProvider<Element>, vscode.Disposable {
  private readonly refresher = new Refresher<Element>();
  private readonly view: vscode.TreeView<Element>;
  private readonly subscriptions: { dispose(): void }[];
  private channel: vscode.OutputChannel | undefined;

  readonly onDidChangeTreeData = this.refresher.event;

  constructor(private readonly xenscope: Xenscope) {
    this.view = vscode.window.createTreeView('xenscope.watches', { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      xenscope.watches.onChange((watch) => this.refresher.refresh(watch && [watch])),
      xenscope.watches.onChange(() => this.badge()),
      xenscope.watches.onReport((event) => this.log(event)),
      xenscope.watches.onSetAgain((watch) =>
        this.output().appendLine(
          `${clockTime(Date.now())}  ${this.hostLabel(watch)}  ${watch.path}  ${setAgainText}`,
        ),
      ),
      xenscope.hosts.onConnected(({ id }) => void xenscope.watches.restore(id)),
      xenscope.hosts.onChange(() => {
        const waiting = xenscope.watches.list.filter(({ watchId }) => watchId === undefined);
        if (waiting.length > 0) this.refresher.refresh(waiting);
      }),
    ];
    this.badge();
  }

  get selected(): Watch | undefined {
    const [element] = this.view.selection;
    return element instanceof Watch ? element : element?.watch;
  }

  showLog(): void {
    this.output().show(true);
  }

  getChildren(element?: Element): Element[] {
    if (!element) return [...this.xenscope.watches.list];
    return element instanceof Watch ? element.events : [];
  }

  getParent(element: Element): Element | undefined {
    return element instanceof Watch ? undefined : element.watch;
  }

  getTreeItem(element: Element): vscode.TreeItem {
    return element instanceof Watch ? this.watchItem(element) : eventItem(element);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.channel?.dispose();
    this.refresher.dispose();
  }

  private output(): vscode.OutputChannel {
    return (this.channel ??= vscode.window.createOutputChannel('Xenscope Watches', 'log'));
  }

  private log(event: WatchEvent): void {
    this.output().appendLine(logLine(this.hostLabel(event.watch), event));
  }

  private hostLabel({ host }: Watch): string {
    return this.xenscope.hosts.find(host)?.label ?? host;
  }

  /** It is kept over a reload of the window, and its host may have been removed meanwhile. */
  private whyNot({ host }: Watch): string {
    const { list } = this.xenscope.hosts;
    const isGone = list.length > 0 && !list.some(({ id }) => id === host);
    return isGone ? 'its host is not there any more' : 'waiting for the host';
  }

  private badge(): void {
    const count = this.xenscope.watches.list.length;
    this.view.description = count === 0 ? undefined : String(count);
    void vscode.commands.executeCommand('setContext', 'xenscope.watching', count > 0);
  }

  private watchItem(watch: Watch): vscode.TreeItem {
    const item = new vscode.TreeItem(watch.path);
    item.id = `watch:${watch.key}`;
    const [last] = watch.events;
    item.description = [
      texts.watchCount(watch.count),
      last && `${clockTime(last.report.timeMs)} ${describeChange(last.report, 30)}`,
      watch.watchId === undefined ? this.whyNot(watch) : watch.mayHaveMissed ? setAgainText : undefined,
    ]
      .filter(Boolean)
      .join(' · ');
    item.collapsibleState = last
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.None;
    item.iconPath = new vscode.ThemeIcon(watch.watchId === undefined ? 'eye-closed' : 'eye');
    item.contextValue = 'watch';
    item.tooltip = `${watch.path} on ${this.hostLabel(watch)}\n\nEverything at and below this path is reported. The last ${maxEventsPerWatch} events are kept here; the output “Xenscope Watches” keeps them all, with whole values; of changes that come too fast it says how many it leaves out.`;
    item.accessibilityInformation = { label: `Watch of ${watch.path}, ${item.description}` };
    return item;
  }
}

function eventItem({ key, watch, report }: WatchEvent): vscode.TreeItem {
  const below = report.path.slice(watch.path === '/' ? 0 : watch.path.length + 1);
  const item = new vscode.TreeItem(`${clockTime(report.timeMs)}`);
  item.id = `event:${key}`;
  item.description = [below, describeChange(report)].filter(Boolean).join('  ');
  item.iconPath = new vscode.ThemeIcon(iconOf(report.oldValue, report.newValue, report.oldUnknown));
  item.contextValue = 'watchEvent';
  item.tooltip = [
    report.path,
    report.newValue === undefined
      ? 'The node is not there.'
      : `Now: ${printable(octetsOf(report.newValue), 500)}`,
    report.oldUnknown
      ? 'What it was before is not known.'
      : report.oldValue === undefined
        ? 'It was not there before.'
        : `Before: ${printable(octetsOf(report.oldValue), 500)}`,
  ].join('\n\n');
  return item;
}

function iconOf(before: string | undefined, now: string | undefined, beforeUnknown: boolean): string {
  if (now === undefined) return before === undefined ? 'circle-outline' : 'diff-removed';
  return before === undefined && !beforeUnknown ? 'diff-added' : 'diff-modified';
}
