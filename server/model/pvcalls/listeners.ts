/** Where guests listen through a backend, as far as their calls were seen: for whoever wants to connect there. */
import type { PvCallsDevice } from './pvcallsDevice';

/** More than that nobody picks from. */
const maxListeners = 16;

/** Addresses, each once: those of the domain's own sockets are not known. */
export function listenersAt(devices: readonly PvCallsDevice[], backendDomid: number): readonly string[] {
  const addresses = devices
    .filter(({ row }) => row.backend.domid === backendDomid)
    .flatMap(({ told }) => told.flatMap(({ row }) => (row.state === 'listening' ? (row.local ?? []) : [])));
  return [...new Set(addresses)].slice(0, maxListeners);
}
