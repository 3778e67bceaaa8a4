/** How backends map what their frontends published: numbers of others, so each is checked before it is used. */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import { otherNumber } from '../../xenbus/otherEnd';

/** What netback offers, and so the most that it takes. */
const maxNetQueues = 4;
/** max-ring-page-order. */
const maxRingPageOrder = 4;

export interface BackRing {
  readonly memory: SharedMemory;
  readonly port: EventPort;
}

export interface NetQueue {
  readonly tx: BackRing;
  readonly rx: BackRing;
}

export async function attachBlock(device: DeviceEnd): Promise<BackRing> {
  const order = (await otherNumber(device, 'ring-page-order')) ?? 0;
  if (order > maxRingPageOrder)
    throw nonsense(device, `ring-page-order is ${order}, and ${maxRingPageOrder} was offered`);
  const names = order === 0 ? [] : Array.from({ length: 2 ** order }, (_, page) => `ring-ref${page}`);
  const grefs = await needed(
    device,
    (await device.readOther('ring-ref0')) === undefined
      ? ['ring-ref']
      : names.length > 0
        ? names
        : ['ring-ref0'],
  );
  const [port] = await needed(device, ['event-channel']);
  return {
    memory: device.resources.map(device.other.domid, grefs).memory,
    port: device.resources.bindInterdomain(device.other.domid, port!),
  };
}

export async function attachNet(device: DeviceEnd): Promise<NetQueue[]> {
  const queues = (await otherNumber(device, 'multi-queue-num-queues')) ?? 1;
  if (queues < 1 || queues > maxNetQueues) {
    throw nonsense(device, `multi-queue-num-queues is ${queues}, and ${maxNetQueues} were offered`);
  }
  const attached: NetQueue[] = [];
  for (let queue = 0; queue < queues; queue++) {
    attached.push(await attachQueue(device, queues === 1 ? '' : `queue-${queue}/`));
  }
  return attached;
}

/** One channel for both rings, or one for each. */
async function attachQueue(device: DeviceEnd, prefix: string): Promise<NetQueue> {
  const { resources, other } = device;
  const [tx, rx] = await needed(device, [`${prefix}tx-ring-ref`, `${prefix}rx-ring-ref`]);
  const single = await otherNumber(device, `${prefix}event-channel`);
  const ports =
    single === undefined
      ? await needed(device, [`${prefix}event-channel-tx`, `${prefix}event-channel-rx`])
      : [single];
  const bound = ports.map((port) => resources.bindInterdomain(other.domid, port));
  return {
    tx: { memory: resources.map(other.domid, [tx!]).memory, port: bound[0]! },
    rx: { memory: resources.map(other.domid, [rx!]).memory, port: bound.at(-1)! },
  };
}

export async function attachKeyboard(device: DeviceEnd): Promise<BackRing> {
  const [gref, port] = await needed(device, ['page-gref', 'event-channel']);
  return {
    memory: device.resources.map(device.other.domid, [gref!]).memory,
    port: device.resources.bindInterdomain(device.other.domid, port!),
  };
}

async function needed(device: DeviceEnd, names: readonly string[]): Promise<number[]> {
  const numbers = await Promise.all(names.map((name) => otherNumber(device, name)));
  const missing = names[numbers.indexOf(undefined)];
  if (missing === undefined) return numbers as number[];
  throw nonsense(device, `it published no number as ${missing}`);
}

function nonsense({ other }: DeviceEnd, what: string): XenscopeError {
  return new XenscopeError('protocol', `The frontend ${other.path} cannot be served: ${what}.`, {
    wayOut: 'Have the frontend close and connect anew.',
  });
}
