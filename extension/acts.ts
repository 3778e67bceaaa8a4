/**
 * Changes by hand: the guard's verdict first, a question where it says so, then the act, and how to
 * take it back. Every command and the file system go through here.
 */
import * as vscode from 'vscode';
import type { Act, ActResult, Preview } from '../server/rpc/api';
import type { Connection } from './connection';
import { failureOf, failures } from './errors';
import { openHosts } from './hosts';
import { ask, say } from './say';
import { UndoStack, type UndoTarget } from './undoStack';
import { ActNote } from './views/actNote';

export interface ActOptions {
  /** What the button of the question says, e.g. `Delete`. */
  readonly verb: string;
  /** Ask even where the guard would allow it unasked. */
  readonly alwaysAsk?: boolean;
  /** Say what was done in a notification instead of the status bar. */
  readonly loud?: boolean;
  /** Of an act that is over only when others have moved: what is waited for, in a notification that can be cancelled. */
  readonly wait?: string;
}

const maxDetailLines = 20;

export class Acts implements vscode.Disposable {
  readonly undoStack = new UndoStack();
  private readonly note = new ActNote();

  constructor(private readonly connection: Connection) {
    connection.on('xenscope/hostsChanged', ({ hosts }) => this.undoStack.keep(openHosts(hosts)));
  }

  dispose(): void {
    this.note.dispose();
  }

  /** Undefined when the person said no, or was told that it is refused. */
  async perform(host: string, act: Act, options: ActOptions): Promise<ActResult | undefined> {
    const preview = await this.preview(host, act);
    if (preview.verdict === 'refuse') {
      await say.refusal(preview.text, detailOf(preview));
      return undefined;
    }
    return this.performPreviewed(host, act, preview, options);
  }

  /** As `perform`, for callers who must fail when nothing was done: a refusal and a no are Failures. */
  async performOrThrow(host: string, act: Act, options: ActOptions): Promise<ActResult> {
    const preview = await this.preview(host, act);
    if (preview.verdict === 'refuse') throw failures.refused(preview.text, preview.details);
    const result = await this.performPreviewed(host, act, preview, options);
    if (!result) throw failures.notConfirmed();
    return result;
  }

  private preview(host: string, act: Act): Thenable<Preview> {
    return whileShown('Looking at what this would change', () =>
      this.connection.request('xenscope/preview', { host, act }),
    );
  }

  private async performPreviewed(
    host: string,
    act: Act,
    preview: Preview,
    options: ActOptions,
  ): Promise<ActResult | undefined> {
    const asking = preview.verdict === 'confirm' || options.alwaysAsk === true;
    if (preview.overtaken) {
      if (!(await this.mayOverwrite(host, act, preview))) return undefined;
      act = { ...act, expected: undefined } as Act;
    } else if (asking && !(await confirm(preview, options.verb))) return undefined;
    // The question said so.
    if (act.kind === 'remove' && preview.isFinal) act = { ...act, knownFinal: true };
    if (act.kind === 'device' && preview.changes) act = { ...act, expected: preview.changes };
    const params = { host, act, confirmed: asking };
    try {
      const result = await whileDone(options.wait, (token) =>
        this.connection.request('xenscope/act', params, token),
      );
      this.undoStack.push(host, result);
      void this.tell(host, result, options.loud === true);
      return result;
    } catch (error) {
      // Changed between the question and the act: it is another question now.
      if (failureOf(error).code === 'overtaken') return this.perform(host, act, options);
      throw error;
    }
  }

  /** Whether the person would rather have theirs than what somebody else wrote meanwhile. */
  private async mayOverwrite(host: string, { path }: Act, preview: Preview): Promise<boolean> {
    const [overwrite, show] = ['Overwrite', 'Show'];
    const answer = await ask(preview.text, detailOf(preview), overwrite, show);
    if (answer === show) await vscode.commands.executeCommand('xenscope.reveal', { host, path });
    return answer === overwrite;
  }

  async undoLast(host: string): Promise<void> {
    const last = this.undoStack.last(host);
    if (!last) throw failures.nothingToUndo();
    await this.undo({ host, undoId: last.undoId });
  }

  async undo(target: UndoTarget): Promise<void> {
    const { text } = await this.undoStack.takeBack(target, () =>
      this.connection.request('xenscope/undo', target),
    );
    this.note.show(text);
  }

  private async tell(host: string, { text, undoId }: ActResult, loud: boolean): Promise<void> {
    const target = undoId === undefined ? undefined : { host, undoId };
    if (!loud) return this.note.show(text, target);
    const undo = 'Undo';
    const answer = await say.information(text, ...(target ? [undo] : []));
    if (answer !== undo || !target) return;
    await this.undo(target).catch((error: unknown) => say.error(failureOf(error).text));
  }
}

/** A big subtree takes seconds: the status bar tells that something is under way. */
function whileShown<T>(title: string, work: () => Promise<T>): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: `Xenscope: ${title}…` },
    work,
  );
}

function whileDone<T>(
  wait: string | undefined,
  work: (token?: vscode.CancellationToken) => Promise<T>,
): Thenable<T> {
  if (wait === undefined) return whileShown('Changing the xenstore', () => work());
  const { Notification: location } = vscode.ProgressLocation;
  return vscode.window.withProgress({ location, title: `${wait}…`, cancellable: true }, (_, token) =>
    work(token),
  );
}

function detailOf({ details }: Preview): string {
  const shown = details.slice(0, maxDetailLines);
  if (details.length > shown.length) shown.push(`… and ${details.length - shown.length} more`);
  return shown.join('\n');
}

async function confirm(preview: Preview, verb: string): Promise<boolean> {
  return (await ask(preview.text, detailOf(preview), verb)) === verb;
}
