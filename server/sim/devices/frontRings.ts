/** Pages that frontends share with their backends and that are no rings of slots. */
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Entries } from '../../xenbus/nodes';

/** A page of events from the backend. */
export function keyboardPage({ resources, other }: DeviceEnd): Entries {
  const { grefs } = resources.share(other.domid, 1);
  const { port } = resources.bindUnbound(other.domid);
  return [
    ['page-gref', grefs[0]!],
    ['event-channel', port],
  ];
}
