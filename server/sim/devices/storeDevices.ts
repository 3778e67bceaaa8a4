/**
 * Which rings the devices of each domain share, as the nodes in the store tell it. Only these nodes are
 * looked at: whoever publishes as a frontend does is shown as one.
 */
import type { StoreLook, Xenstored } from '../../store/xenstored';
import type { DeviceNodes, DeviceRing } from '../../wire/deviceRings/deviceRing';
import { discoverDeviceRings } from '../../wire/deviceRings/discover';
import { sharesRings } from '../../wire/deviceRings/ringStates';
import type { DeviceSource } from '../machine/deviceLooks';

type Node = NonNullable<ReturnType<StoreLook['node']>>;

/** A guest may make as many as its quota allows; of these its rings are looked for. */
const maxDevices = 256;
/** `queue-1/ring-ref`, `0/0/ring-ref`: nothing that names a ring lies deeper. */
const maxDepth = 3;

interface Known {
  readonly look: StoreLook;
  /** What the rings were told by; a node never changes. */
  node: Node | undefined;
  rings: readonly DeviceRing[];
  /** Somebody was told since the rings were asked for. */
  isTold: boolean;
}

export class StoreDevices implements DeviceSource {
  readonly #store: Pick<Xenstored, 'look'>;
  readonly #changed: () => void;
  readonly #domains = new Map<number, Known>();

  /** `changed` is called when rings may have come or gone, or are about to. */
  constructor(store: Pick<Xenstored, 'look'>, changed: () => void) {
    this.#store = store;
    this.#changed = changed;
  }

  ringsOf(domid: number): readonly DeviceRing[] {
    const known = this.#domains.get(domid) ?? this.#follow(domid);
    known.isTold = false;
    const node = known.look.node();
    if (node !== known.node) {
      known.node = node;
      known.rings = ringsBelow(domid, node);
    }
    return known.rings;
  }

  forget(domid: number): void {
    this.#domains.get(domid)?.look.close();
    this.#domains.delete(domid);
  }

  #follow(domid: number): Known {
    const look = this.#store.look(`/local/domain/${domid}/device`, () => {
      if (known.isTold) return;
      known.isTold = true;
      this.#changed();
    });
    const known: Known = { look, node: undefined, rings: [], isTold: false };
    this.#domains.set(domid, known);
    return known;
  }
}

function ringsBelow(domid: number, devices: Node | undefined): DeviceRing[] {
  const rings: DeviceRing[] = [];
  let seen = 0;
  for (const deviceClass of devices?.children.names() ?? []) {
    const ofClass = devices!.children.get(deviceClass)!;
    for (const devid of ofClass.children.names()) {
      if (++seen > maxDevices) return rings;
      const nodes = nodesBelow(ofClass.children.get(devid)!);
      if (sharesRings(nodes.get('state'))) {
        rings.push(...discoverDeviceRings({ domid, deviceClass, devid, nodes }));
      }
    }
  }
  return rings;
}

function nodesBelow(device: Node): DeviceNodes['nodes'] {
  const nodes = new Map<string, string>();
  const walk = (node: Node, above: string, depth: number) => {
    for (const name of node.children.names()) {
      const child = node.children.get(name)!;
      nodes.set(`${above}${name}`, child.value);
      if (depth < maxDepth) walk(child, `${above}${name}/`, depth + 1);
    }
  };
  walk(device, '', 1);
  return nodes;
}
