/**
 * Keeps what is resident close to what is alive. Left to itself V8 lets garbage pile up to as much again
 * as lives, and a store that hostile clients filled to its limits (store/quotas.ts) would pass 300 MB.
 */
import { setFlagsFromString } from 'node:v8';

/** From there on V8 lets twice as much of what is new pile up, and takes no limit of that once it runs. */
const isRoomy = Number(process.versions.node.split('.')[0]) >= 24;
/** The old generation is collected when it has grown by so much since the last time. */
const growingPercent = isRoomy ? 8 : 25;

export function keepHeapSmall(): void {
  // The editor's own runtime may not let its flags be changed once it runs.
  if (process.versions['electron'] !== undefined) return;
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  if (isRoomy) setFlagsFromString('--optimize-for-size');
}
