/**
 * Colours the names of rows that changed a moment ago. A decoration, because it comes and goes
 * without the tree being drawn again.
 */
import * as vscode from 'vscode';
import { scheme } from '../fileSystem/location';
import { settings } from '../settings';

/** So many marks at once; more changes than anybody can follow are not marked. */
const maxMarks = 2000;

export class ChangeMarks implements vscode.FileDecorationProvider, vscode.Disposable {
  private readonly until = new Map<string, { readonly uri: vscode.Uri; readonly atMs: number }>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri[]>();
  private readonly registration: vscode.Disposable;
  private sweep: NodeJS.Timeout | undefined;

  readonly onDidChangeFileDecorations = this.changed.event;

  constructor() {
    this.registration = vscode.window.registerFileDecorationProvider(this);
  }

  mark(uris: readonly vscode.Uri[]): void {
    const forMs = settings.highlightMs();
    if (forMs === 0 || uris.length === 0) return;
    const atMs = Date.now() + forMs;
    const fresh: vscode.Uri[] = [];
    for (const uri of uris) {
      const key = uri.toString();
      if (!this.until.has(key)) {
        if (this.until.size >= maxMarks) break;
        fresh.push(uri);
      }
      this.until.set(key, { uri, atMs });
    }
    if (fresh.length > 0) this.changed.fire(fresh);
    this.sweep ??= setTimeout(() => this.expire(), forMs);
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== scheme || !this.until.has(uri.toString())) return undefined;
    return new vscode.FileDecoration(
      undefined,
      undefined,
      new vscode.ThemeColor('xenscope.changedForeground'),
    );
  }

  dispose(): void {
    clearTimeout(this.sweep);
    this.registration.dispose();
    this.changed.dispose();
  }

  private expire(): void {
    this.sweep = undefined;
    const now = Date.now();
    const expired: vscode.Uri[] = [];
    let nextAtMs = Infinity;
    for (const [key, { uri, atMs }] of this.until) {
      if (atMs <= now) {
        expired.push(uri);
        this.until.delete(key);
      } else {
        nextAtMs = Math.min(nextAtMs, atMs);
      }
    }
    if (expired.length > 0) this.changed.fire(expired);
    if (nextAtMs < Infinity) this.sweep = setTimeout(() => this.expire(), Math.max(50, nextAtMs - now));
  }
}
