/** Sends bytes in pieces, each when the one before lies in the ring, and tells how far it came. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { failureOf, failures } from '../errors';
import { countOf } from '../values';

/** What one request carries in base64. */
export const pieceBytes = 48 * 1024;

/** Puts a piece, in base64, into the ring of `target`; resolves when all of it lies there, or cannot. */
export type SendPiece<Target> = (
  target: Target,
  bytes: string,
  token: vscode.CancellationToken,
) => Promise<{
  readonly sentBytes: number;
  readonly timeMs: number;
  readonly problem?: string;
  readonly isStopped?: true;
}>;

export interface SendResult {
  /** How far it came. */
  readonly text: string;
  /** Why no further; absent where all was sent, and where the person has stopped it. */
  readonly problem?: string;
  readonly isStopped?: true;
}

export class Sender<Target> {
  private cancel: vscode.CancellationTokenSource | undefined;

  constructor(
    private readonly sendPiece: SendPiece<Target>,
    /** So much lies in the ring now, by the clock of the host, as what is received. */
    private readonly wrote: (bytes: Uint8Array, timeMs: number) => void,
  ) {}

  get isBusy(): boolean {
    return this.cancel !== undefined;
  }

  stop(): void {
    this.cancel?.cancel();
  }

  async bytes(target: Target, bytes: Uint8Array): Promise<SendResult> {
    const pieces = async function* () {
      for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    };
    return this.run(target, pieces(), bytes.length, () => undefined);
  }

  async file(target: Target, path: string, onProgress: (text: string) => void): Promise<SendResult> {
    const unreadable = (error: unknown): never => {
      throw failures.fileUnreadable(basename(path), error);
    };
    const file = await open(path, 'r').catch(unreadable);
    try {
      const { size } = await file.stat();
      const pieces = async function* () {
        for (;;) {
          const into = Buffer.alloc(pieceBytes);
          const { bytesRead } = await file.read(into, 0, pieceBytes).catch(unreadable);
          if (bytesRead === 0) return;
          yield into.subarray(0, bytesRead);
        }
      };
      return await this.run(target, pieces(), size, onProgress);
    } finally {
      await file.close();
    }
  }

  private async run(
    target: Target,
    pieces: AsyncIterable<Uint8Array>,
    wholeBytes: number,
    onProgress: (text: string) => void,
  ): Promise<SendResult> {
    const cancel = (this.cancel = new vscode.CancellationTokenSource());
    let sentBytes = 0;
    const whole = countOf(wholeBytes, 'byte');
    const progress = () => `${sentBytes.toLocaleString('en-US')} of ${whole} lie in the ring`;
    const stopped = (): SendResult => ({ text: `${progress()}. Stopped.`, isStopped: true });
    try {
      for await (const piece of pieces) {
        if (cancel.token.isCancellationRequested) return stopped();
        onProgress(`${progress()}…`);
        const bytes = Buffer.from(piece).toString('base64');
        const sent = await this.sendPiece(target, bytes, cancel.token);
        sentBytes += sent.sentBytes;
        this.wrote(piece.subarray(0, sent.sentBytes), sent.timeMs);
        if (sent.isStopped) return stopped();
        if (sent.problem !== undefined) return { text: `${progress()}.`, problem: sent.problem };
      }
      return { text: `Sent ${whole}.` };
    } catch (error) {
      return { text: `${progress()}.`, problem: failureOf(error).text };
    } finally {
      this.cancel = undefined;
      cancel.dispose();
    }
  }
}
