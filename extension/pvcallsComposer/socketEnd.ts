/** One connected socket between the page and the server: what is sent at it, and what is recorded of it. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { ComposerCommand } from '../../server/rpc/api';
import type { AtSocket, ToPvCallsComposer } from '../../webview/messages';
import { Recorder } from '../console/recorder';
import { type SendResult, Sender } from '../console/sender';
import type { Connection } from '../connection';
import { failureOf } from '../errors';

/** Of a piece so much is shown: a file may be longer than anybody reads. */
const maxShownBytes = 8 * 1024;

export interface SocketTarget {
  readonly host: string;
  readonly composerId: number;
  readonly id: string;
}

export interface SocketEndParts {
  readonly id: string;
  readonly connection: Connection;
  /** Throws while there is no session. */
  readonly target: () => SocketTarget;
  /** One command, as from the form. */
  readonly call: (command: ComposerCommand, fields: Readonly<Record<string, string>>) => Promise<unknown>;
  readonly post: (message: ToPvCallsComposer) => void;
  readonly say: (text: string, failed: boolean) => void;
  readonly report: (error: unknown) => void;
}

export class SocketEnd {
  private readonly sender: Sender<SocketTarget>;
  private readonly recorder: Recorder;
  /** Whether the person wants what comes to be read. */
  private reads = true;
  private recordedFile: string | undefined;
  /** How far a file has come; undefined while none is sent. */
  private progress: string | undefined;
  private isClosed = false;

  constructor(private readonly parts: SocketEndParts) {
    const { id, connection, say, report } = parts;
    this.sender = new Sender(
      (target, bytes, token) => connection.request('xenscope/composerSend', { ...target, bytes }, token),
      (bytes, timeMs) => this.wrote(bytes, timeMs),
    );
    this.recorder = new Recorder(
      { name: `socket-${id}`, isWatched: false },
      {
        recording: (file) => {
          this.recordedFile = file;
          this.tellRecording();
        },
        say,
        readingChanged: () => this.tellReading(),
        report,
      },
    );
  }

  async act(act: AtSocket): Promise<unknown> {
    const { connection, target, call, id } = this.parts;
    switch (act.what) {
      case 'send':
        return this.send(act.serial, act.bytes);
      case 'sendFile':
        return this.sendFile();
      case 'stopSending':
        return this.sender.stop();
      case 'reading':
        this.reads = act.reads;
        return this.tellReading();
      case 'endSending':
        return connection.request('xenscope/composerEndSending', target());
      case 'release':
        return call('release', { id, reuse: '0' });
      case 'releaseAndKeep':
        return call('release', { id, reuse: '1' });
      case 'abandon':
        return connection.request('xenscope/composerAbandon', target());
      case 'record':
        return this.recorder.begin(`Socket ${id} of a command composer of PV Calls.`);
      case 'stopRecording':
        return this.recorder.end();
    }
  }

  took(bytes: Uint8Array, leftOutBytes: number, timeMs: number): void {
    if (leftOutBytes > 0) this.recorder.note(`left out: ${leftOutBytes} bytes, which came too fast`, timeMs);
    this.recorder.add('received', bytes, timeMs);
  }

  /** A page that was loaded anew knows nothing of it. */
  tellAgain(): void {
    const { id, post } = this.parts;
    if (this.recordedFile !== undefined) this.tellRecording();
    if (this.progress !== undefined) post({ kind: 'sending', id, text: this.progress });
  }

  /** Nothing can be sent any more, and nothing comes. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.sender.stop();
    await this.recorder.close();
  }

  private async send(serial: number, base64: string): Promise<void> {
    const { id, post } = this.parts;
    // The page waits for an answer in any case: until then it keeps what was typed, and takes nothing new.
    const result = await this.trySend(() =>
      this.sender.bytes(this.parts.target(), Buffer.from(base64, 'base64')),
    );
    post({ kind: 'sent', id, serial, ...result });
  }

  private async sendFile(): Promise<void> {
    const { id, post } = this.parts;
    const [uri] =
      (await vscode.window.showOpenDialog({ title: 'Send which file?', openLabel: 'Send' })) ?? [];
    if (!uri || this.sender.isBusy) return;
    const name = path.basename(uri.fsPath);
    const onProgress = (text: string) => {
      this.progress = `${name}: ${text}`;
      post({ kind: 'sending', id, text: this.progress });
    };
    const result = await this.trySend(() => this.sender.file(this.parts.target(), uri.fsPath, onProgress));
    this.progress = undefined;
    post({ kind: 'sent', id, ...result, text: `${name}: ${result.text}` });
  }

  private async trySend(send: () => Promise<SendResult>): Promise<SendResult> {
    try {
      return await send();
    } catch (error) {
      return { text: '', problem: failureOf(error).text };
    }
  }

  private wrote(bytes: Uint8Array, timeMs: number): void {
    if (bytes.length === 0) return;
    this.recorder.add('sent', bytes, timeMs);
    const shown = bytes.subarray(-maxShownBytes);
    this.parts.post({
      kind: 'wrote',
      id: this.parts.id,
      timeMs,
      bytes: Buffer.from(shown).toString('base64'),
      leftOutBytes: bytes.length - shown.length,
    });
  }

  private tellRecording(): void {
    const { id, post } = this.parts;
    post({ kind: 'recording', id, ...(this.recordedFile !== undefined && { file: this.recordedFile }) });
  }

  /** While it is recorded nothing is left out, and nothing is read that the file cannot take. */
  private async tellReading(): Promise<void> {
    // There is nothing left to be read of a socket that is over.
    if (this.isClosed) return;
    const { connection, target } = this.parts;
    const reads = this.reads && !this.recorder.isBehind;
    const keepAll = this.recorder.isRecording;
    await connection.request('xenscope/composerReading', { ...target(), reads, keepAll });
  }
}
