/** PV Calls as a kind of device for the frontend drivers: which backends it takes, and what it publishes. */
import { XenscopeError } from '../../host/errors';
import { freeSteps } from '../../host/steps';
import type { RingSteps } from '../../host/steps';
import { PVCALLS_VERSION } from '../../wire/pvcalls/commands';
import { PVCALLS_MAX_ORDER, pvcallsEditions } from '../../wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import { XenbusState } from '../../wire/xenbusState';
import type { FrontendKind } from '../../xenbus/bus';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import { otherNumber } from '../../xenbus/otherEnd';
import { PvCallsFindings } from '../findings';
import { PvCallsFrontend } from './frontend';

export interface PvCallsFrontendOptions {
  /** Handed each device when it can be used. */
  readonly onConnected: (frontend: PvCallsFrontend, device: DeviceEnd) => void;
  /** Final when absent. */
  readonly edition?: PvCallsEdition;
  /** Steps of one ring of a device, which `name` tells from its others; free when absent. */
  readonly steps?: (device: DeviceEnd, name: string) => RingSteps;
  /**
   * Begins anew by itself when both ends have closed; false when absent. A backend that cannot be used is then
   * asked again and again, after 100 ms at first, and at last every 10 s.
   */
  readonly reopens?: boolean;
}

/** To be given to `runFrontends` under the name `pvcalls`. */
export function pvcallsFrontend(options: PvCallsFrontendOptions): FrontendKind {
  const { onConnected, edition = pvcallsEditions.final, reopens = false } = options;
  return {
    habits: { published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens },
    make: (device) => {
      let frontend: PvCallsFrontend | undefined;
      return {
        initialise: async () => {
          const maxOrder = await agreeOnOrder(device, edition);
          const { resources, other } = device;
          const { grefs, memory } = resources.share(other.domid, 1);
          const port = resources.bindUnbound(other.domid);
          frontend = new PvCallsFrontend({
            resources,
            domid: other.domid,
            maxOrder,
            edition,
            memory,
            port,
            findings: new PvCallsFindings((text) => device.ports.log(`${device.path}: ${text}`)),
            clock: device.ports.clock,
            steps: (name) => options.steps?.(device, name) ?? freeSteps,
          });
          return [
            ['version', PVCALLS_VERSION],
            ['ring-ref', grefs[0]!],
            ['port', port.port],
          ];
        },
        connected: () => onConnected(frontend!, device),
        event: (port) => frontend?.look(port),
        disconnect: () => frontend?.close(),
      };
    },
  };
}

/**
 * Whether the backend speaks what we do; answers the largest order that both can. Rejects with a XenscopeError
 * `protocol` where it cannot be used.
 */
export async function agreeOnOrder(device: DeviceEnd, { name, minOrder }: PvCallsEdition): Promise<number> {
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
