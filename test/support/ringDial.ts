/**
 * A guest's end of a xenstore ring page as a stream of bytes: what a guest's kernel does with its
 * page, as plainly as it can be written, and apart from the guest's end of the product, which it
 * judges. Layout and order of accesses follow docs/misc/xenstore-ring.txt and
 * `struct xenstore_domain_interface` of io/xs_wire.h.
 *
 * Nobody rings at the guest here, so it looks at its page again and again while it is open.
 */
import type { SharedMemory } from '../../server/host/memory';
import type { ByteStream, Dial } from '../../server/store/byteStream';

const RING_BYTES = 1024;
const REQ_AT = 0;
const RSP_AT = 1024;
const REQ_CONS_AT = 2048;
const REQ_PROD_AT = 2052;
const RSP_CONS_AT = 2056;
const RSP_PROD_AT = 2060;
const lookAgainMs = 1;

/** `notify` tells the server to look at the ring. */
export function ringDial(page: SharedMemory, notify: () => void): Dial {
  return (handlers) => {
    let unsent = Buffer.alloc(0);
    let isPaused = false;
    let timer: NodeJS.Timeout | undefined;

    const close = () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      handlers.onClose();
    };
    const look = () => {
      const moved = receive() + send();
      if (moved > 0) notify();
      // A handler may have closed the page.
      if (timer !== undefined) timer = setTimeout(look, lookAgainMs);
    };

    /** Takes what the server produced; answers how many bytes. */
    const receive = (): number => {
      if (isPaused) return 0;
      const cons = page.load32(RSP_CONS_AT);
      const queued = (page.load32(RSP_PROD_AT) - cons) >>> 0;
      if (queued === 0 || queued > RING_BYTES) return 0;
      const bytes = Buffer.alloc(queued);
      let got = 0;
      for (const [at, length] of pieces(cons, queued)) {
        page.copyOut(RSP_AT + at, bytes.subarray(got, got + length));
        got += length;
      }
      page.store32(RSP_CONS_AT, (cons + queued) >>> 0);
      handlers.onData(bytes);
      return queued;
    };

    /** Puts as much of the unsent bytes on the ring as there is room for. */
    const send = (): number => {
      if (timer === undefined || unsent.length === 0) return 0;
      const prod = page.load32(REQ_PROD_AT);
      const queued = (prod - page.load32(REQ_CONS_AT)) >>> 0;
      if (queued > RING_BYTES) return 0;
      const count = Math.min(RING_BYTES - queued, unsent.length);
      let sent = 0;
      for (const [at, length] of pieces(prod, count)) {
        page.copyIn(REQ_AT + at, unsent.subarray(sent, sent + length));
        sent += length;
      }
      page.store32(REQ_PROD_AT, (prod + count) >>> 0);
      unsent = unsent.subarray(count);
      if (count > 0 && unsent.length === 0) handlers.onDrain();
      return count;
    };

    const stream: ByteStream = {
      write(bytes) {
        unsent = Buffer.concat([unsent, bytes]);
        if (send() > 0) notify();
        return unsent.length === 0;
      },
      get queuedBytes() {
        return unsent.length;
      },
      pause: () => (isPaused = true),
      resume: () => (isPaused = false),
      close,
    };
    timer = setTimeout(look, lookAgainMs);
    return Promise.resolve(stream);
  };
}

/** The one or two pieces of a ring that `length` bytes from a free-running index on lie in. */
function* pieces(index: number, length: number): Generator<readonly [at: number, length: number]> {
  const at = index % RING_BYTES;
  const first = Math.min(length, RING_BYTES - at);
  if (first > 0) yield [at, first];
  if (length > first) yield [0, length - first];
}
