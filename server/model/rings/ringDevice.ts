/** A device's ring as it is told of. */
import { deviceRingTitle, type DeviceRing } from '../../wire/deviceRings/deviceRing';
import type { RingDevice } from './slotTypes';

export function deviceOf(ring: DeviceRing): RingDevice {
  const { deviceClass, devid, backendDomid, grefs, port, format } = ring;
  return {
    title: deviceRingTitle(ring),
    deviceClass,
    devid,
    backendDomid,
    grefs,
    ...(port === undefined ? {} : { port }),
    ...(format.kind === 'slots' ? { carries: format.ring.carries } : {}),
  };
}
