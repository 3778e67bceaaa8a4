/**
 * Our xenstored alone in a process of its own: what the benchmark and the hostile clients talk to.
 * Takes the path of its socket; tells its parent `{ ready }`, and answers any message with the bytes
 * that are alive in its heap. Domains have their ring pages and doorbells in the socket's folder, as
 * with the daemons that it is compared with.
 */
import path from 'node:path';
import { systemClock } from '../../server/cli/systemClock';
import { Xenstored } from '../../server/store/xenstored';
import { folderRings } from './folderRings';

function liveBytes(): number {
  // There with --expose-gc: without a collection the number would show garbage as well.
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function main(): Promise<void> {
  const socketPath = process.argv[2]!;
  const rings = { attach: folderRings(path.dirname(socketPath)) };
  const store = new Xenstored({ clock: systemClock, rings });
  await store.listen(socketPath);
  process.on('message', () => process.send!({ liveBytes: liveBytes() }));
  // A server without its parent has no one left to end it.
  process.on('disconnect', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  process.send!({ ready: true });
}

void main();
