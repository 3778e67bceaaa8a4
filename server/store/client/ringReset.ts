/**
 * What guests do with a ring that an earlier kernel, or a boot loader, left behind, where the server
 * offers no reconnection. The server is not told, and keeps what it has: watches, transactions, the
 * start of a message. Both are done before anybody dials the ring.
 */
import type { SharedMemory } from '../../host/memory';
import { XS_RING_BYTES } from '../../wire/xsRing';
import { REQ_RING, RSP_RING } from '../ring/ringHalves';

/**
 * hvmloader and mini-os: both rings filled with 0xff, so that a server that looks meanwhile sees no
 * message that could be, then all indices 0.
 */
export function wipeRingAsHvmloader(memory: SharedMemory): void {
  memory.copyIn(0, Buffer.alloc(2 * XS_RING_BYTES, 0xff));
  for (const { consOffset, prodOffset } of [REQ_RING, RSP_RING]) {
    memory.store32(consOffset, 0);
    memory.store32(prodOffset, 0);
  }
}

/** Linux after kexec: what the server has answered to the kernel before is skipped unread. */
export function skipRepliesAsLinux(memory: SharedMemory): void {
  memory.store32(RSP_RING.consOffset, memory.load32(RSP_RING.prodOffset));
}
