/** How an element of the tree looks: label, value beside it, icon, and what the menus may offer. */
import * as vscode from 'vscode';
import type { NodeRow } from '../../server/rpc/api';
import { scheme, uriPath } from '../fileSystem/location';
import { parentPath } from '../names';
import { texts } from '../texts';
import type { FailedRow, MoreRow, StoreNode, TreeElement } from '../tree/storeTree';

export function nodeUri(host: string, path: string): vscode.Uri {
  return vscode.Uri.from({ scheme, authority: host, path: uriPath(path, 'node') });
}

/** A row's identity, for the view to keep selection and expansion by. */
function elementId(element: TreeElement): string {
  if (element.kind === 'node') return `${element.host}:${element.path}`;
  return `${element.parent.host}:${element.parent.path}:${element.kind}`;
}

export interface Look {
  readonly pageSize: number;
  /** The name of a domain, when it has one. */
  readonly nameOf: (domid: number) => string | undefined;
}

export function itemOf(element: TreeElement, look: Look): vscode.TreeItem {
  const item =
    element.kind === 'node'
      ? nodeItem(element, look)
      : element.kind === 'more'
        ? moreItem(element, look.pageSize)
        : failedItem(element);
  item.id = elementId(element);
  return item;
}

/** Directories that are named by a domid: `/local/domain/3`, `/libxl/3`, and a backend's `vif/3`. */
const domidDirectory = /^(?:\/local\/domain|\/libxl|\/local\/domain\/\d+\/backend\/[^/]+)\/(\d+)$/;

function nodeItem(node: StoreNode, { nameOf }: Look): vscode.TreeItem {
  const { row } = node;
  const item = new vscode.TreeItem(row.name);
  item.resourceUri = nodeUri(node.host, node.path);
  const domid = domidDirectory.exec(row.path)?.[1];
  const domainName = domid === undefined ? undefined : nameOf(Number(domid));
  item.description = texts.rowDescription(row) || domainName;
  item.iconPath = iconOf(row);
  item.contextValue = contextOf(row);
  item.accessibilityInformation = { label: texts.rowSpoken(row, domainName) };
  item.collapsibleState = !row.hasChildren
    ? vscode.TreeItemCollapsibleState.None
    : node.expanded
      ? vscode.TreeItemCollapsibleState.Expanded
      : vscode.TreeItemCollapsibleState.Collapsed;
  return item;
}

function contextOf(row: NodeRow): string {
  const words = ['node'];
  if (row.hasChildren) words.push('directory');
  if (row.meaning?.kind === 'path') words.push('link');
  if (row.unreadable !== undefined) words.push('unreadable');
  return words.join(' ');
}

function iconOf(row: NodeRow): vscode.ThemeIcon {
  if (row.unreadable !== undefined) return new vscode.ThemeIcon('lock', colour('disabledForeground'));
  if (row.meaning?.kind === 'state') return stateIcon(row.preview);
  if (row.meaning?.kind === 'path') return new vscode.ThemeIcon('link');
  if (row.meaning?.kind === 'domain' && !row.hasChildren) return new vscode.ThemeIcon('vm-outline');
  const parent = parentPath(row.path);
  if (parent === '/local/domain') return new vscode.ThemeIcon('vm');
  if (row.hasChildren) return new vscode.ThemeIcon('folder');
  if (row.valueBytes === 0) return new vscode.ThemeIcon('circle-outline', colour('disabledForeground'));
  return new vscode.ThemeIcon(/^-?\d+$/.test(row.preview) ? 'symbol-numeric' : 'symbol-key');
}

/** The seven states of a device, from asleep over busy to connected and gone. */
function stateIcon(state: string): vscode.ThemeIcon {
  if (state === '4') return new vscode.ThemeIcon('pass-filled', colour('testing.iconPassed'));
  if (state === '5' || state === '6')
    return new vscode.ThemeIcon('circle-slash', colour('disabledForeground'));
  return new vscode.ThemeIcon('circle-large', colour('charts.yellow'));
}

function colour(id: string): vscode.ThemeColor {
  return new vscode.ThemeColor(id);
}

function moreItem({ parent }: MoreRow, pageSize: number): vscode.TreeItem {
  const item = new vscode.TreeItem(texts.showMore(pageSize, parent.total - (parent.children?.length ?? 0)));
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.contextValue = 'more';
  item.command = {
    command: 'xenscope.node.showMore',
    title: 'Show More',
    arguments: [{ kind: 'more', parent }],
  };
  return item;
}

function failedItem({ failure }: FailedRow): vscode.TreeItem {
  const item = new vscode.TreeItem(failure.message);
  item.tooltip = failure.text;
  item.iconPath = new vscode.ThemeIcon('warning', colour('list.warningForeground'));
  item.contextValue = 'failed';
  return item;
}
