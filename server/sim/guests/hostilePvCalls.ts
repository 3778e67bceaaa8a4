/** A guest whose frontend of PV Calls keeps none of the rules: what it puts into its rings is chance. */
import type { SharedMemory } from '../../host/memory';
import { pvcallsCommands } from '../../wire/pvcalls/commands';
import { writePvCallsDataPage } from '../../wire/pvcalls/dataPage';
import { PVCALLS_SLOT_BYTES } from '../../wire/pvcalls/slots';
import { XenbusState } from '../../wire/xenbusState';
import type { FrontendKind } from '../../xenbus/bus';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { FrontRing } from '../../xenbus/rings/slotRingEnds';
import { deviceSteps } from '../devices/deviceSteps';
import { runDomainFrontends } from '../devices/simPorts';
import { Traffic } from '../devices/traffic';
import type { Domain } from '../domain';
import type { GuestScript } from '../toolstack/config';
import { alpine, linuxGuest } from './linux';

const everyMs = { least: 500, most: 2000 };
const mostAtOnce = 8;
/** So few that numbers meet again: of sockets, and of grants that may be its own. */
const fewNumbers = 8;

/** `onAnswer` hears of each response. */
export function hostileGuest(onAnswer: (slot: Buffer) => void = () => undefined): GuestScript {
  return async (domain, surroundings) => {
    await linuxGuest(alpine)(domain, surroundings);
    domain.start('pvcalls', () => runDomainFrontends(domain, { pvcalls: hostileFrontend(domain, onAnswer) }));
  };
}

function hostileFrontend(domain: Domain, onAnswer: (slot: Buffer) => void): FrontendKind {
  return {
    habits: { published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens: true },
    make: (device) => {
      let worker: RingWorker | undefined;
      let traffic: Traffic | undefined;
      return {
        initialise: () => {
          const { resources, other } = device;
          const { grefs, memory } = resources.share(other.domid, 1);
          const port = resources.bindUnbound(other.domid);
          const ring = new FrontRing({ memory, port, slotBytes: PVCALLS_SLOT_BYTES, name: 'pvcalls' });
          const page = wildPage(domain, device);
          const waiting: Buffer[] = [];
          worker = new RingWorker(
            deviceSteps(domain, device),
            function* () {
              yield* ring.take(onAnswer);
              yield* ring.push(waiting.splice(0, ring.free));
            },
            ({ message }) => domain.log(message),
          );
          traffic = new Traffic(domain, everyMs, () => {
            const count = domain.random.between(1, mostAtOnce);
            for (let number = 0; number < count; number++) waiting.push(wildRequest(domain, page.place));
            page.scribble();
            worker!.look();
          });
          return [
            ['version', 1],
            ['ring-ref', grefs[0]!],
            ['port', port.port],
          ];
        },
        connected: () => traffic?.start(),
        event: () => worker?.look(),
        disconnect: () => {
          traffic?.stop();
          worker?.close();
        },
      };
    },
  };
}

/** One page of indices that is real, so that some of its calls get further than others. */
function wildPage({ random }: Domain, { resources, other }: DeviceEnd) {
  const control = resources.share(other.domid, 1);
  const data = resources.share(other.domid, 2);
  const port = resources.bindUnbound(other.domid);
  const { memory }: { readonly memory: SharedMemory } = control;
  return {
    place: { ref: control.grefs[0]!, evtchn: port.port },
    scribble() {
      writePvCallsDataPage((offset, value) => memory.store32(offset, value), random.below(4), data.grefs);
      // The words of both rings: 0, 4, 8 and 64, 68, 72.
      const offset = random.below(3) * 4 + (random.chance(0.5) ? 64 : 0);
      memory.store32(offset, random.chance(0.5) ? random.below(5000) : random.below(2 ** 31));
      port.notify();
    },
  };
}

function wildRequest({ random }: Domain, place: { readonly ref: number; readonly evtchn: number }): Buffer {
  const slot = Buffer.from(random.hex(2 * PVCALLS_SLOT_BYTES), 'hex');
  const commands = Object.keys(pvcallsCommands).length;
  slot.writeUInt32LE(random.chance(0.9) ? random.below(commands) : random.below(2 ** 31), 4);
  slot.writeBigUInt64LE(BigInt(random.below(fewNumbers)), 8);
  if (random.chance(0.8)) {
    // A socket that may be, or an address that may be, whichever command it is.
    slot.writeUInt16LE(2, 16);
    slot.writeUInt32LE(16, 44);
  }
  if (random.chance(0.5)) {
    slot.writeUInt32LE(place.ref, 52);
    slot.writeUInt32LE(place.evtchn, 56);
  }
  return slot;
}
