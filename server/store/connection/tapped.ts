/**
 * A connection with somebody who listens in: the same handlers and the same stream, and every byte
 * is shown to the tap before anything is done with it. Without a tap nothing stands in between.
 */
import type { ConnectionTap } from '../../host/tap';
import type { ByteStream, ByteStreamHandlers, CloseCause } from '../byteStream';

export interface Openable extends ByteStreamHandlers {
  open(stream: ByteStream): void;
}

export function tapped(connection: Openable, tap: ConnectionTap): Openable {
  let isOver = false;
  const over = (reason?: string) => {
    if (isOver) return;
    isOver = true;
    tap.closed(reason);
  };
  return {
    open: (stream) => connection.open(tappedStream(stream, tap, over)),
    onData: (bytes) => {
      if (!isOver) tap.received(bytes, 0, bytes.length);
      connection.onData(bytes);
    },
    onDrain: () => connection.onDrain(),
    onClose: (reason) => {
      over(reason);
      connection.onClose(reason);
    },
  };
}

const reasons: Readonly<Record<CloseCause, string>> = {
  protocol: 'The client broke the protocol.',
  comm: 'The client does not take what is sent to it.',
};

function tappedStream(stream: ByteStream, tap: ConnectionTap, over: (reason?: string) => void): ByteStream {
  const writeNow = stream.writeNow?.bind(stream);
  return {
    write: (bytes) => {
      tap.sent(bytes, 0, bytes.length);
      return stream.write(bytes);
    },
    ...(writeNow && {
      writeNow: (bytes: Buffer, length: number) => {
        const sent = writeNow(bytes, length);
        if (sent > 0) tap.sent(bytes, 0, sent);
        return sent;
      },
    }),
    get queuedBytes() {
      return stream.queuedBytes;
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    close: (cause) => {
      over(cause && reasons[cause]);
      stream.close(cause);
    },
  };
}
