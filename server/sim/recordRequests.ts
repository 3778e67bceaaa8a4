/** Notes what somebody from outside asks of a world's store, in the order in which it arrives. */
import type { Dial } from '../store/byteStream';
import { XS_HEADER_BYTES, XsType } from '../wire/xsMessage';
import { describeXs, messagesIn } from './worldLink';

/** Whoever only looks changes nothing, and would soon fill the record. */
const onlyLooks: ReadonlySet<number> = new Set([
  XsType.READ,
  XsType.DIRECTORY,
  XsType.DIRECTORY_PART,
  XsType.GET_PERMS,
  XsType.GET_DOMAIN_PATH,
  XsType.IS_DOMAIN_INTRODUCED,
]);

/** `note` is given each request that may change something: what it is, and its bytes in hexadecimal. */
export function recordRequests(dial: Dial, note: (text: string) => void): Dial {
  return async (handlers) => {
    const stream = await dial(handlers);
    return {
      write: (bytes) => {
        for (const message of messagesIn(bytes)) {
          if (message.length >= XS_HEADER_BYTES && onlyLooks.has(message.readUInt32LE(0))) continue;
          note(`${describeXs(message)}: ${message.toString('hex')}`);
        }
        return stream.write(bytes);
      },
      get queuedBytes() {
        return stream.queuedBytes;
      },
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      close: () => stream.close(),
    };
  };
}
