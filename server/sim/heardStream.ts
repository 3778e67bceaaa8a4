/** A way to listen to a stream from outside of both its ends. */
import type { ByteStream } from '../store/byteStream';

/** The same stream; `hear` is told of what is written, before it is. */
export function heardStream(stream: ByteStream, hear: (bytes: Buffer) => void): ByteStream {
  return {
    write: (bytes) => {
      hear(bytes);
      return stream.write(bytes);
    },
    get queuedBytes() {
      return stream.queuedBytes;
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    close: (cause) => stream.close(cause),
  };
}
