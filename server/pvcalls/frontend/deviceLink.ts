/** The command ring of a device as a frontend shares it: which backends it takes, and what it publishes. */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { SharedMemory } from '../../host/memory';
import { PVCALLS_VERSION } from '../../wire/pvcalls/commands';
import { PVCALLS_MAX_ORDER } from '../../wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import { XenbusState } from '../../wire/xenbusState';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Entries } from '../../xenbus/nodes';
import { otherNumber } from '../../xenbus/otherEnd';
import type { FrontendHabits } from '../../xenbus/policies/frontendPolicy';
import type { DeviceResources } from '../../xenbus/resources';

/** What a device has from the moment at which its ring is published. */
export interface DeviceLink {
  readonly resources: DeviceResources;
  readonly memory: SharedMemory;
  readonly port: EventPort;
  readonly maxOrder: number;
}

/** How frontends of PV Calls go through their states. */
export function pvcallsHabits(reopens: boolean): FrontendHabits {
  return { published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens };
}

/**
 * Shares a new command ring with the other end; `entries` are to be published once somebody uses it. Rejects with a
 * XenscopeError `protocol` where the backend cannot be used.
 */
export async function shareCommandRing(
  device: DeviceEnd,
  edition: PvCallsEdition,
): Promise<{ readonly link: DeviceLink; readonly entries: Entries }> {
  const maxOrder = await agreeOnOrder(device, edition);
  const { resources, other } = device;
  const { grefs, memory } = resources.share(other.domid, 1);
  const port = resources.bindUnbound(other.domid);
  return {
    link: { resources, memory, port, maxOrder },
    entries: [
      ['version', PVCALLS_VERSION],
      ['ring-ref', grefs[0]!],
      ['port', port.port],
    ],
  };
}

/** Whether the backend speaks what we do; answers the largest order that both can. */
async function agreeOnOrder(device: DeviceEnd, { name, minOrder }: PvCallsEdition): Promise<number> {
  const { path } = device.other;
  const versions = await device.readOther(name === 'final' ? 'versions' : 'version');
  if (!versions?.split(',').some((version) => version.trim() === PVCALLS_VERSION)) {
    throw refuse(`${path} offers the versions "${versions ?? ''}", and ours is ${PVCALLS_VERSION}`);
  }
  if ((await otherNumber(device, 'function-calls')) !== 1) throw refuse(`${path} offers no calls`);
  const order = await otherNumber(device, 'max-page-order');
  if (order === undefined || order < minOrder) throw refuse(`${path} offers no data rings`);
  return Math.min(order, PVCALLS_MAX_ORDER);
}

function refuse(why: string): XenscopeError {
  return new XenscopeError('protocol', `This backend of PV Calls cannot be used: ${why}.`);
}
