/** QEMU's backend of shared files (hw/9pfs/xen-9p-backend.c): what it publishes, and a server behind each device. */
import type { BackendKind } from '../../../xenbus/bus';
import type { DeviceEnd } from '../../../xenbus/deviceEnd';
import { classicBackend } from '../../../xenbus/policies/classic';
import { RingWorker } from '../../../xenbus/rings/ringWorker';
import type { Domain } from '../../domain';
import { deviceSteps } from '../deviceSteps';
import { sharedFiles } from './files';
import { MessageEnd } from './messageEnd';
import { mapNinep, maxRingOrder, maxRings } from './ninepRings';
import { NinepServer } from './server';

export const ninepBackend = (domain: Domain): BackendKind => ({
  policy: classicBackend,
  make: (device) => {
    let worker: RingWorker | undefined;
    return {
      init: () => [
        ['versions', 1],
        ['max-rings', maxRings],
        ['max-ring-page-order', maxRingOrder],
      ],
      initialise: async () => {
        worker = await serve(domain, device);
        return [];
      },
      connected: () => worker?.look(),
      event: () => worker?.look(),
      disconnect: () => worker?.close(),
    };
  },
});

async function serve(domain: Domain, device: DeviceEnd): Promise<RingWorker> {
  const { ring, sizeBytes } = await mapNinep(device);
  const server = new NinepServer(sharedFiles((await device.read('path')) ?? '/'), sizeBytes);
  const end = new MessageEnd({
    ring,
    maxMessageBytes: sizeBytes,
    onMessage: (request) => end.send(server.answer(request)),
  });
  return new RingWorker(
    deviceSteps(domain, device),
    () => end.work(),
    (error) => domain.log(`${device.path}: ${error.message}`),
  );
}
