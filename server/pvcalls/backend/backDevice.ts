/** PV Calls as a kind of device for the backend drivers: what it publishes, and where its command ring is found. */
import { XenscopeError } from '../../host/errors';
import { freeSteps } from '../../host/steps';
import type { RingSteps } from '../../host/steps';
import { PVCALLS_MAX_ORDER, pvcallsEditions } from '../../wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import { PVCALLS_VERSION } from '../../wire/pvcalls/commands';
import type { BackendKind } from '../../xenbus/bus';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Entries } from '../../xenbus/nodes';
import { otherNumber } from '../../xenbus/otherEnd';
import { linuxBackend } from '../../xenbus/policies/linux';
import { PvCallsFindings } from '../findings';
import type { SocketNetwork } from '../network';
import { PvCallsBackend } from './backend';
import type { CallGate } from './gate';
import { Lingering } from './lingering';

export interface PvCallsBackendOptions {
  readonly network: SocketNetwork;
  /** Log2 of the pages of a data ring, at most: 1 to 9. Linux' frontend takes no backend that offers less than 4. */
  readonly maxPageOrder?: number;
  /** Final when absent. */
  readonly edition?: PvCallsEdition;
  /** Steps of one ring of a device, which `name` tells from its others; free when absent. */
  readonly steps?: (device: DeviceEnd, name: string) => RingSteps;
  /** Made for each connection of a device: where its requests come by first. */
  readonly gate?: (device: DeviceEnd) => CallGate;
  /** Who ends the connections of released sockets, of all devices; its own where it is absent. */
  readonly lingering?: Lingering;
  /** Handed each device when it is connected. */
  readonly onConnected?: (backend: PvCallsBackend, device: DeviceEnd, findings: PvCallsFindings) => void;
}

/** To be given to `runBackends` under the name `pvcalls`. */
export function pvcallsBackend(options: PvCallsBackendOptions): BackendKind {
  const { network, maxPageOrder = PVCALLS_MAX_ORDER, edition = pvcallsEditions.final } = options;
  if (!Number.isInteger(maxPageOrder) || maxPageOrder < 1 || maxPageOrder > PVCALLS_MAX_ORDER) {
    throw new XenscopeError(
      'input',
      `Data rings have an order from 1 to ${PVCALLS_MAX_ORDER}, not ${maxPageOrder}.`,
    );
  }
  // For all devices: one that comes and goes leaves no more behind than the others.
  let { lingering } = options;
  return {
    policy: linuxBackend,
    make: (device) => {
      const findings = new PvCallsFindings((text) => device.ports.log(`${device.path}: ${text}`));
      let backend: PvCallsBackend | undefined;
      return {
        init: () => published(maxPageOrder, edition),
        initialise: async () => {
          const { resources, other, ports } = device;
          const [gref, remotePort] = await Promise.all([
            otherNumber(device, 'ring-ref'),
            otherNumber(device, 'port'),
          ]);
          if (gref === undefined || remotePort === undefined) {
            throw new XenscopeError(
              'protocol',
              `${other.path} names no command ring, or no event channel of it.`,
            );
          }
          backend = new PvCallsBackend({
            resources,
            domid: other.domid,
            maxOrder: maxPageOrder,
            edition,
            memory: resources.map(other.domid, [gref]).memory,
            port: resources.bindInterdomain(other.domid, remotePort),
            network,
            clock: ports.clock,
            lingering: (lingering ??= new Lingering(ports.clock)),
            findings,
            gate: options.gate?.(device),
            steps: (name) => options.steps?.(device, name) ?? freeSteps,
            onBroken: ({ message }) => findings.add('badRing', message),
          });
          return [];
        },
        connected: () => {
          options.onConnected?.(backend!, device, findings);
          backend!.look();
        },
        event: (port) => backend?.look(port),
        disconnect: () => backend?.close(),
      };
    },
  };
}

/** The draft had one version, as a number. */
function published(maxPageOrder: number, { name }: PvCallsEdition): Entries {
  const version = name === 'final' ? 'versions' : 'version';
  return [
    [version, PVCALLS_VERSION],
    ['max-page-order', maxPageOrder],
    ['function-calls', 1],
  ];
}
