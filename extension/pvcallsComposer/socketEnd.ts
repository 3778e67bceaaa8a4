/** One connected socket between the page and the server: what is sent at it, and what is recorded of it. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { ComposerCommand } from '../../server/rpc/api';
import type { AtSocket, ToPvCallsComposer } from '../../webview/messages';
import { Recorder } from '../console/recorder';
import { Sender } from '../console/sender';
import type { Connection } from '../connection';

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

  constructor(private readonly parts: SocketEndParts) {
    const { id, connection, post, say, report } = parts;
    this.sender = new Sender(
      (target, bytes, token) => connection.request('xenscope/composerSend', { ...target, bytes }, token),
      (bytes) => this.wrote(bytes),
    );
    this.recorder = new Recorder(
      { name: `socket-${id}`, isWatched: false },
      {
        recording: (file) => post({ kind: 'recording', id, ...(file !== undefined && { file }) }),
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

  /** Nothing can be sent any more, and nothing comes. */
  async close(): Promise<void> {
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
    const onProgress = (text: string) => post({ kind: 'sending', id, text: `${name}: ${text}` });
    const { text, problem } = await this.trySend(() =>
      this.sender.file(this.parts.target(), uri.fsPath, onProgress),
    );
    post({ kind: 'sent', id, text: `${name}: ${text}`, ...(problem !== undefined && { problem }) });
  }

  private async trySend(
    send: () => Promise<{ readonly text: string; readonly problem?: string }>,
  ): Promise<{ readonly text: string; readonly problem?: string }> {
    try {
      return await send();
    } catch (error) {
      return { text: '', problem: error instanceof Error ? error.message : String(error) };
    }
  }

  private wrote(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const timeMs = Date.now();
    this.recorder.add('sent', bytes, timeMs);
    this.parts.post({
      kind: 'wrote',
      id: this.parts.id,
      timeMs,
      bytes: Buffer.from(bytes).toString('base64'),
    });
  }

  /** While it is recorded nothing is left out, and nothing is read that the file cannot take. */
  private async tellReading(): Promise<void> {
    const { connection, target } = this.parts;
    const reads = this.reads && !this.recorder.isBehind;
    const keepAll = this.recorder.isRecording;
    await connection.request('xenscope/composerReading', { ...target(), reads, keepAll });
  }
}
