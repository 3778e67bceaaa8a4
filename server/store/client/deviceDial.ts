/**
 * Dials the xenstore through the kernel's character device, which is how a domain without a
 * xenstored of its own reaches the store, and which works in dom0 as well. One open file is one
 * connection. Nothing here blocks the process: the file is read only when it is readable, and
 * written in a thread of the pool, for the kernel may answer within. One request is under way at a
 * time: the kernel keeps it in one buffer for each file until it went to the xenstored, and a second
 * one would be written over the first (seen with Linux 6.1: nodes that were answered OK and never came).
 */
import { close, constants, open, readSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { XenscopeError } from '../../host/errors';
import type { XsErrorName } from '../../wire/errno';
import { xsErrors } from '../../wire/errno';
import { XsType, parseXs, xsParserStart } from '../../wire/xsMessage';
import type { XsParserState } from '../../wire/xsMessage';
import type { ByteStreamHandlers, Dial } from '../byteStream';
import { DeviceMessages } from './deviceMessages';
import { defaultLimits } from './limits';
import { blockingCalls } from './turnstile';
import { TurnStream } from './turnStream';
import type { WhenReadable } from './turnStream';

/** The first is the device, the other where older systems have it. */
export const xenbusDevices = ['/dev/xen/xenbus', '/proc/xen/xenbus'] as const;

const readBytes = 64 * 1024;

const openFile = promisify(open);
const writeFile = promisify(write) as (
  fd: number,
  bytes: Buffer,
  offset: number,
  length: number,
  position: null,
) => Promise<{ readonly bytesWritten: number }>;
const closeFile = promisify(close);

export function dialDevice(path: string, whenReadable: WhenReadable): Dial {
  return async (handlers) => {
    let fd: number;
    try {
      fd = await openFile(path, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (error) {
      throw noDevice(path, error as NodeJS.ErrnoException);
    }
    try {
      return new DeviceStream(path, fd, handlers, whenReadable);
    } catch (error) {
      // It cannot be waited for; the client dials again, and each time one more would stay open.
      await blockingCalls.run(() => closeFile(fd));
      throw error;
    }
  };
}

class DeviceStream extends TurnStream {
  readonly #path: string;
  readonly #fd: number;
  readonly #messages = new DeviceMessages();
  #parser: XsParserState = xsParserStart;
  #onAnswered: () => void = () => undefined;

  constructor(path: string, fd: number, handlers: ByteStreamHandlers, whenReadable: WhenReadable) {
    super(fd, handlers, whenReadable);
    this.#path = path;
    this.#fd = fd;
  }

  protected onEnd(): void {
    this.#onAnswered();
  }

  /** The number could be another file's if it were closed under a write. */
  protected release(): Promise<unknown> {
    // The kernel ends watches and transactions then, which takes answers of the xenstored.
    return blockingCalls.run(() => closeFile(this.#fd));
  }

  /** Answers the reply where we know it, or where the kernel gave it by refusing; else waits until it was read. */
  protected async send(message: Buffer): Promise<Buffer | undefined> {
    const known = this.#messages.onRequest(message);
    if (known) return known;
    const answered = new Promise<void>((resolve) => (this.#onAnswered = resolve));
    try {
      await blockingCalls.run(async () => {
        // The kernel takes one message whole, or none of it.
        if (!this.isClosed) await writeFile(this.#fd, message, 0, message.length, null);
      });
      await answered;
      return undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (isXsError(code)) return this.#messages.onRefused(message, code);
      this.end(`The connection through ${this.#path} broke (${code}).`);
      return undefined;
    }
  }

  protected onReadable(): void {
    const bytes = Buffer.allocUnsafe(readBytes);
    let length: number;
    try {
      length = readSync(this.#fd, bytes, 0, bytes.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') this.end(`The connection through ${this.#path} broke (${code}).`);
      return;
    }
    const { state, messages } = parseXs(this.#parser, bytes.subarray(0, length), defaultLimits.maxReplyBytes);
    this.#parser = state;
    for (const message of messages) {
      if (this.isClosed) return;
      this.handlers.onData(this.#messages.onReply(message));
      if (message.type !== XsType.WATCH_EVENT) this.#onAnswered();
    }
    if (state.kind === 'broken') this.end(state.reason);
    else if (length === 0) this.end(`The kernel closed the connection through ${this.#path}.`);
  }
}

function isXsError(code: string): code is XsErrorName {
  return Object.hasOwn(xsErrors, code);
}

function noDevice(path: string, error: NodeJS.ErrnoException): XenscopeError {
  const [text, wayOut] =
    error.code === 'ENOENT'
      ? [
          `There is no xenstore device ${path}.`,
          'It is there in a Linux domain of Xen only, and once a xenstored runs.',
        ]
      : error.code === 'EACCES' || error.code === 'EPERM'
        ? [`You may not open ${path}.`, 'It belongs to root; run the server as root.']
        : [
            `The xenstore device ${path} cannot be opened (${error.code ?? error.message}).`,
            'Use the socket of the xenstored instead.',
          ];
  return new XenscopeError('away', text!, { wayOut, cause: error });
}
