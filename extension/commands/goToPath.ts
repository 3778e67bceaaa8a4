/** Go to a path: typed, with the children of what is typed so far to choose from; or the one a value names. */
import * as vscode from 'vscode';
import type { Xenscope } from '../context';
import { failures } from '../errors';
import { childPath, isNodePath, parentPath, tidyPath } from '../names';
import { mustBeTarget, shownHost } from './target';

export async function reveal(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, path } = mustBeTarget(xenscope, argument);
  await xenscope.xenstoreView.reveal(host, path);
}

/** To the node that the value names. */
export async function followLink(xenscope: Xenscope, argument: unknown): Promise<void> {
  const { host, path } = mustBeTarget(xenscope, argument);
  const { meaning } = await xenscope.connection.request('xenscope/row', { host, path });
  if (meaning?.kind !== 'path') throw failures.noLink(path);
  await xenscope.xenstoreView.reveal(host, meaning.path);
}

export async function goToPath(xenscope: Xenscope): Promise<void> {
  const host = await shownHost(xenscope);
  const path = await new PathPicker(xenscope, host.id).pick();
  if (path === undefined) return;
  if (!isNodePath(path)) throw failures.badPath(path);
  await xenscope.xenstoreView.reveal(host.id, path);
}

class PathPicker {
  private readonly picker = vscode.window.createQuickPick();
  private readonly names = new Map<string, Promise<readonly string[]>>();
  private readonly descend = { iconPath: new vscode.ThemeIcon('chevron-right'), tooltip: 'Look below' };

  constructor(
    private readonly xenscope: Xenscope,
    private readonly host: string,
  ) {
    const selected = xenscope.xenstoreView.selected;
    this.picker.title = 'Go to path';
    this.picker.placeholder = '/local/domain/0/…';
    this.picker.value = selected ? `${parentPath(selected.path) ?? ''}/`.replace('//', '/') : '/';
  }

  pick(): Promise<string | undefined> {
    const { picker } = this;
    return new Promise((resolve) => {
      picker.onDidChangeValue(() => void this.complete());
      picker.onDidTriggerItemButton(({ item }) => {
        picker.value = `${item.label}/`;
        void this.complete();
      });
      picker.onDidAccept(() => {
        const chosen = picker.selectedItems[0]?.label ?? picker.value;
        if (chosen.trim() === '') return;
        resolve(tidyPath(chosen));
        picker.hide();
      });
      picker.onDidHide(() => {
        picker.dispose();
        resolve(undefined);
      });
      picker.show();
      void this.complete();
    });
  }

  private async complete(): Promise<void> {
    const { picker } = this;
    const typed = picker.value;
    const folder = tidyPath(typed.slice(0, typed.lastIndexOf('/') + 1));
    const start = typed
      .slice(typed.lastIndexOf('/') + 1)
      .trim()
      .toLowerCase();
    picker.busy = true;
    const names = await this.namesIn(folder);
    if (picker.value !== typed) return;
    picker.busy = false;
    picker.items = names
      .filter((name) => name.toLowerCase().startsWith(start))
      .slice(0, 500)
      .map((name) => ({ label: childPath(folder, name), alwaysShow: true, buttons: [this.descend] }));
  }

  /** Empty when there is nothing, or nothing that may be read. */
  private namesIn(folder: string): Promise<readonly string[]> {
    let names = this.names.get(folder);
    if (!names) {
      names = isNodePath(folder)
        ? this.xenscope.connection
            .request('xenscope/names', { host: this.host, path: folder })
            .catch(() => [])
        : Promise.resolve([]);
      this.names.set(folder, names);
    }
    return names;
  }
}
