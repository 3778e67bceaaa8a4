/** Rings that frontends share with their backends, and the nodes that say where they are. */
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { GENERIC_RING } from '../../wire/genericRing';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Entries } from '../../xenbus/nodes';

const { req_event, rsp_event } = GENERIC_RING.fields;

export function blockRing(device: DeviceEnd): Entries {
  return [
    ['ring-ref', newRing(device).gref],
    ['event-channel', newPort(device).port],
  ];
}

export function plainNetRings(device: DeviceEnd): Entries {
  return [
    ['tx-ring-ref', newRing(device).gref],
    ['rx-ring-ref', newRing(device).gref],
    ['event-channel', newPort(device).port],
  ];
}

export function netQueues(device: DeviceEnd, queues: number): Entries {
  const rings = (prefix: string): Entries => [
    [`${prefix}tx-ring-ref`, newRing(device).gref],
    [`${prefix}rx-ring-ref`, newRing(device).gref],
    [`${prefix}event-channel-tx`, newPort(device).port],
    [`${prefix}event-channel-rx`, newPort(device).port],
  ];
  if (queues === 1) return rings('');
  const each = Array.from({ length: queues }, (_, queue) => rings(`queue-${queue}/`));
  return [['multi-queue-num-queues', queues], ...each.flat()];
}

/** A page of events from the backend, and none of slots. */
export function keyboardPage(device: DeviceEnd): Entries {
  const { grefs } = device.resources.share(device.other.domid, 1);
  return [
    ['page-gref', grefs[0]!],
    ['event-channel', newPort(device).port],
  ];
}

/** One page, as SHARED_RING_INIT of ring.h leaves it: empty, and both sides ask to be told of the first entry. */
function newRing(device: DeviceEnd): { readonly gref: number; readonly memory: SharedMemory } {
  const { grefs, memory } = device.resources.share(device.other.domid, 1);
  memory.store32(req_event.offsetBytes, 1);
  memory.store32(rsp_event.offsetBytes, 1);
  return { gref: grefs[0]!, memory };
}

function newPort(device: DeviceEnd): EventPort {
  return device.resources.bindUnbound(device.other.domid);
}
