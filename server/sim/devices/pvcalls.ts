/** Both ends of PV Calls in a world: their steps are the scheduler's, as those of all devices. */
import type { EndReports } from '../../host/endReports';
import { pvcallsBackend } from '../../pvcalls/backend/backDevice';
import { pvcallsFrontend } from '../../pvcalls/frontend/frontDevice';
import type { PvCallsFrontend } from '../../pvcalls/frontend/frontend';
import type { Intercept } from '../../pvcalls/intercept/intercept';
import type { SocketNetwork } from '../../pvcalls/network';
import type { BackendKind, FrontendKind } from '../../xenbus/bus';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Domain } from '../domain';
import { deviceSteps } from './deviceSteps';

/** Requests come by `intercept` first; what the backends find wrong is told to `reports`. */
export function pvcallsBack(
  domain: Domain,
  network: SocketNetwork,
  intercept: Intercept,
  reports: EndReports,
): BackendKind {
  return pvcallsBackend({
    network,
    steps: (device) => deviceSteps(domain, device),
    onConnected: (_, { other }, findings) =>
      reports.add(other.path, { side: 'backend', findings: () => findings.kinds }),
    gate: ({ path, other: { domid }, ports: { clock } }) => intercept.gateOf({ path, domid, clock }),
  });
}

/** `onConnected` is handed the device each time that it is connected. As Linux's, it has one device. */
export function pvcallsFront(domain: Domain, onConnected: (frontend: PvCallsFrontend) => void): FrontendKind {
  const steps = (device: DeviceEnd) => deviceSteps(domain, device);
  return { ...pvcallsFrontend({ onConnected, reopens: true, steps }), takes: (devid) => devid === '0' };
}
