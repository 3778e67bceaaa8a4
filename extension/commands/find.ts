/** Find by path or value: the server searches while one types, and picking a match shows it in the tree. */
import * as vscode from 'vscode';
import type { NodeRow } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { failureOf } from '../errors';
import { plain } from '../plain';
import { texts } from '../texts';
import { countOf } from '../values';
import { shownHost } from './target';

const debounceMs = 150;
const maxMatches = 200;
/** Of all windows of the finder: a late match of a search that was given up belongs to no other one. */
let searches = 0;

interface Match extends vscode.QuickPickItem {
  readonly row?: NodeRow;
}

export async function find(xenscope: Xenscope): Promise<void> {
  const host = await shownHost(xenscope);
  const finder = new Finder(xenscope, host.id, host.label);
  const row = await finder.pick();
  if (row) await xenscope.xenstoreView.reveal(host.id, row.path);
}

class Finder {
  private readonly picker = vscode.window.createQuickPick<Match>();
  private regexp = false;
  private timer: NodeJS.Timeout | undefined;
  private search: vscode.CancellationTokenSource | undefined;

  constructor(
    private readonly xenscope: Xenscope,
    private readonly host: string,
    label: string,
  ) {
    this.picker.title = `Find in the xenstore of ${plain(label)}`;
    this.picker.placeholder = 'Part of a path or of a value';
    this.drawButton();
  }

  pick(): Promise<NodeRow | undefined> {
    const { picker } = this;
    return new Promise((resolve) => {
      picker.onDidChangeValue(() => this.later());
      picker.onDidTriggerButton(() => {
        this.regexp = !this.regexp;
        this.drawButton();
        this.later();
      });
      picker.onDidAccept(() => {
        const row = picker.selectedItems[0]?.row;
        if (!row) return;
        resolve(row);
        picker.hide();
      });
      picker.onDidHide(() => {
        clearTimeout(this.timer);
        this.search?.cancel();
        picker.dispose();
        resolve(undefined);
      });
      picker.show();
    });
  }

  private drawButton(): void {
    const tooltip = this.regexp ? 'Regular expression: on' : 'Regular expression: off';
    const colour = this.regexp ? new vscode.ThemeColor('inputOption.activeForeground') : undefined;
    this.picker.buttons = [{ iconPath: new vscode.ThemeIcon('regex', colour), tooltip }];
    this.picker.placeholder = this.regexp
      ? 'Regular expression for a path or a value'
      : 'Part of a path or of a value';
  }

  private later(): void {
    clearTimeout(this.timer);
    this.search?.cancel();
    this.picker.busy = this.picker.value !== '';
    this.timer = setTimeout(() => void this.searchNow(), debounceMs);
  }

  private async searchNow(): Promise<void> {
    const text = this.picker.value;
    if (text === '') {
      this.picker.items = [];
      return;
    }
    const search = (this.search = new vscode.CancellationTokenSource());
    const serial = ++searches;
    const early: Match[] = [];
    const listening = this.xenscope.found.event((news) => {
      if (news.serial !== serial || search.token.isCancellationRequested) return;
      early.push(...news.rows.map(matchOf));
      this.show(early);
    });
    const params = {
      host: this.host,
      text,
      regexp: this.regexp,
      inPaths: true,
      inValues: true,
      under: '/',
      limit: maxMatches,
      serial,
    };
    try {
      const { rows, more, searchedNodes } = await this.xenscope.connection.request(
        'xenscope/find',
        params,
        search.token,
      );
      if (search.token.isCancellationRequested) return;
      this.show([...rows.map(matchOf), ...endOf(rows.length, more, searchedNodes)]);
    } catch (error) {
      if (search.token.isCancellationRequested) return;
      this.picker.items = [
        { label: plain(failureOf(error).text), alwaysShow: true, iconPath: new vscode.ThemeIcon('warning') },
      ];
    } finally {
      listening.dispose();
    }
    this.picker.busy = false;
  }

  /** What the person went to in the list stays chosen while matches are added. */
  private show(matches: readonly Match[]): void {
    const chosen = this.picker.activeItems[0]?.row?.path;
    const wasFirst = chosen === this.picker.items[0]?.row?.path;
    this.picker.items = matches;
    const again = matches.find(({ row }) => row !== undefined && row.path === chosen);
    if (again && !wasFirst) this.picker.activeItems = [again];
  }
}

function matchOf(row: NodeRow): Match {
  // The server has matched already; the picker must not sift again by its own rules.
  return { label: plain(row.path), description: plain(texts.rowDescription(row)), alwaysShow: true, row };
}

function endOf(shown: number, more: boolean, searched: number): Match[] {
  if (shown === 0) return [{ label: `No match in ${countOf(searched, 'node')}`, alwaysShow: true }];
  if (more)
    return [{ label: `The first ${maxMatches} matches; type more to narrow them down`, alwaysShow: true }];
  return [];
}
