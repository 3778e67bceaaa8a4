/** Asks what of a console is to be recorded, and into which file; holds the recording while there is one. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { defaultFolder } from '../defaultFolder';
import { countOf } from '../values';
import { type RecordFormat, type RecordListener, Recording, type Way } from './recording';

export interface RecorderActs {
  /** The file into which is recorded now. */
  recording(file: string | undefined): void;
  say(text: string, failed: boolean): void;
  /** How its ring is to be read is another question now. */
  readingChanged(): Promise<unknown>;
  report(error: unknown): void;
}

interface Choice extends vscode.QuickPickItem {
  readonly format: RecordFormat;
  /** Of the name of the file. */
  readonly ending: string;
}

const log: Choice = {
  label: 'Text and hexadecimal',
  detail: 'Both directions, with times',
  format: { kind: 'log' },
  ending: 'log',
};

function raw(way: Way, label: string, detail: string): Choice {
  return { label, detail, format: { kind: 'raw', way }, ending: 'bin' };
}

const ofOurs = [log, raw('received', 'Raw bytes', 'What is received, and nothing else')];
const ofOthers = [
  log,
  raw('left', 'Raw bytes to the server', 'As they are, and nothing else'),
  raw('right', 'Raw bytes to the client', 'As they are, and nothing else'),
];

export interface Recorded {
  /** Of the file that is proposed: `vchan`. */
  readonly name: string;
  /** It is between others, and nobody can be made to wait. */
  readonly isWatched: boolean;
}

export class Recorder {
  private current: Recording | undefined;
  private isClosed = false;
  /** The file is written slower than bytes come: nothing more shall be read for now. */
  isBehind = false;

  constructor(
    private readonly what: Recorded,
    private readonly acts: RecorderActs,
  ) {}

  get isRecording(): boolean {
    return this.current !== undefined;
  }

  add(way: Way, bytes: Uint8Array, timeMs: number): void {
    if (bytes.length > 0) this.current?.add(way, bytes, timeMs);
  }

  note(text: string, timeMs: number): void {
    this.current?.note(text, timeMs);
  }

  /** `head`: what this console is of. */
  async begin(head: string): Promise<void> {
    const choices = this.what.isWatched ? ofOthers : ofOurs;
    const picked = await vscode.window.showQuickPick(choices, { title: 'Record what?' });
    if (!picked) return;
    const uri = await vscode.window.showSaveDialog({
      title: 'Record into which file?',
      defaultUri: vscode.Uri.file(path.join(defaultFolder(), `${this.what.name}.${picked.ending}`)),
    });
    if (!uri || this.isClosed) return;
    await this.current?.end(Date.now());
    this.current = new Recording(uri.fsPath, picked.format, this.listener);
    this.note(head, Date.now());
    this.acts.recording(uri.fsPath);
    this.acts.say(`Recording into ${uri.fsPath}.`, false);
    // From now on nothing is left out: the other side waits instead.
    await this.acts.readingChanged();
  }

  /** With the panel: nothing is begun any more, whatever is still asked. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.end();
  }

  /** `problem`: why it ends before a person wanted it to. */
  async end(problem?: string): Promise<void> {
    const { current } = this;
    if (!current) return;
    this.current = undefined;
    this.isBehind = false;
    await current.end(Date.now());
    this.acts.recording(undefined);
    const { file, droppedBytes } = current;
    const missing =
      droppedBytes === 0
        ? ''
        : ` Missing: ${countOf(droppedBytes, 'byte')}, because the file could not be written as fast.`;
    this.acts.say(problem ?? `Recorded in ${file}.${missing}`, problem !== undefined || droppedBytes > 0);
    await this.acts.readingChanged();
  }

  private readonly listener: RecordListener = {
    failed: (error) => void this.end(`Nothing more is recorded: ${error.message}.`).catch(this.acts.report),
    behind: (isBehind) => {
      this.isBehind = isBehind;
      if (!this.current) return;
      if (!this.what.isWatched) {
        const waits = 'The file is written slower than bytes come: the other side has to wait.';
        this.acts.say(isBehind ? waits : `Recording into ${this.current.file}.`, false);
      }
      void this.acts.readingChanged().catch(this.acts.report);
    },
  };
}
