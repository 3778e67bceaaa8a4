/**
 * The messages of Qubes' qrexec on a vchan (qrexec.h): a type and a length of 32 bits each, then so many
 * bytes. Both ends begin with HELLO; a stream ends with a message of no bytes.
 */
export const QREXEC_HEADER_BYTES = 8;
export const QREXEC_VERSION = 3;
/** What one message carries at most. */
export const QREXEC_DATA_BYTES_MAX = 65_536;

export const QrexecType = {
  DATA_STDIN: 0x190,
  DATA_STDOUT: 0x191,
  DATA_STDERR: 0x192,
  DATA_EXIT_CODE: 0x193,
  HELLO: 0x300,
} as const;

export interface QrexecHeader {
  readonly type: number;
  readonly bytes: number;
}

export function qrexecMessage(type: number, data: Uint8Array | number = new Uint8Array(0)): Buffer {
  const body = typeof data === 'number' ? word(data) : data;
  const message = Buffer.alloc(QREXEC_HEADER_BYTES + body.length);
  message.writeUInt32LE(type, 0);
  message.writeUInt32LE(body.length, 4);
  message.set(body, QREXEC_HEADER_BYTES);
  return message;
}

/** Undefined where it announces more than a message may carry. */
export function parseQrexecHeader(header: Buffer): QrexecHeader | undefined {
  if (header.length < QREXEC_HEADER_BYTES) return undefined;
  const bytes = header.readUInt32LE(4);
  return bytes > QREXEC_DATA_BYTES_MAX ? undefined : { type: header.readUInt32LE(0), bytes };
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
