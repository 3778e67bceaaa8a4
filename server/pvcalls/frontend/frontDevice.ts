/** PV Calls as a kind of device for the frontend drivers. */
import { freeSteps } from '../../host/steps';
import type { RingSteps } from '../../host/steps';
import { pvcallsEditions } from '../../wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import type { FrontendKind } from '../../xenbus/bus';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import { PvCallsFindings } from '../findings';
import { pvcallsHabits, shareCommandRing } from './deviceLink';
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
    habits: pvcallsHabits(reopens),
    make: (device) => {
      let frontend: PvCallsFrontend | undefined;
      return {
        initialise: async () => {
          const { link, entries } = await shareCommandRing(device, edition);
          frontend = new PvCallsFrontend({
            ...link,
            domid: device.other.domid,
            edition,
            findings: new PvCallsFindings((text) => device.ports.log(`${device.path}: ${text}`)),
            clock: device.ports.clock,
            steps: (name) => options.steps?.(device, name) ?? freeSteps,
          });
          return entries;
        },
        connected: () => onConnected(frontend!, device),
        event: (port) => frontend?.look(port),
        disconnect: () => frontend?.close(),
      };
    },
  };
}
