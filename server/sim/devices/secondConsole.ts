/**
 * A second console: as the first one, but a device with a dance of its own, served by QEMU (hw/char/xen_console.c).
 * Whoever sits at its terminal in domain 0 types a line now and then, and a program in the guest answers it.
 */
import { XenscopeError } from '../../host/errors';
import type { SharedMemory } from '../../host/memory';
import type { RingWork } from '../../host/microSteps';
import {
  CONSOLE_IN_BYTES,
  CONSOLE_IN_OFFSET,
  CONSOLE_OUT_BYTES,
  CONSOLE_OUT_OFFSET,
  CONSOLE_PAGE,
} from '../../wire/consoleRing';
import { XenbusState } from '../../wire/xenbusState';
import type { BackendKind, FrontendKind } from '../../xenbus/bus';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import { otherNumber } from '../../xenbus/otherEnd';
import { classicBackend } from '../../xenbus/policies/classic';
import { ByteRingEnd } from '../../xenbus/rings/byteRingEnd';
import type { ByteRingPair } from '../../xenbus/rings/byteRingEnd';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import type { Domain } from '../domain';
import { deviceSteps } from './deviceSteps';
import { Traffic } from './traffic';

const everyMs = { least: 25_000, most: 80_000 };
const typed = ['status', 'uptime', 'help'] as const;
/** What waits for room in the ring; more is lost, as on a line without flow control. */
const maxQueuedBytes = 4_096;
const maxLineChars = 256;
const { in_cons, in_prod, out_cons, out_prod } = CONSOLE_PAGE.fields;

function pairOf(memory: SharedMemory): ByteRingPair {
  return {
    indexes: memory,
    in: {
      name: 'in',
      prodOffset: in_prod.offsetBytes,
      consOffset: in_cons.offsetBytes,
      memory,
      offsetBytes: CONSOLE_IN_OFFSET,
      sizeBytes: CONSOLE_IN_BYTES,
    },
    out: {
      name: 'out',
      prodOffset: out_prod.offsetBytes,
      consOffset: out_cons.offsetBytes,
      memory,
      offsetBytes: CONSOLE_OUT_OFFSET,
      sizeBytes: CONSOLE_OUT_BYTES,
    },
  };
}

/** One end of the line: what is written goes out as there is room, what comes in is told line by line. */
class ConsoleLine {
  readonly #worker: RingWorker;
  #out = Buffer.alloc(0);
  #line = '';

  constructor(
    domain: Domain,
    device: DeviceEnd,
    private readonly ring: ByteRingEnd,
    private readonly onLine: (line: string) => void,
  ) {
    this.#worker = new RingWorker(
      deviceSteps(domain, device),
      () => this.#work(),
      (error) => domain.log(`${device.path}: ${error.message}`),
    );
  }

  write(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    if (this.#out.length + bytes.length > maxQueuedBytes) return;
    this.#out = Buffer.concat([this.#out, bytes]);
    this.look();
  }

  look(): void {
    this.#worker.look();
  }

  close(): void {
    this.#worker.close();
  }

  *#work(): RingWork<void> {
    for (;;) {
      const room = Math.min(this.#out.length, this.ring.space());
      if (room > 0) {
        const part = this.#out.subarray(0, room);
        this.#out = this.#out.subarray(room);
        yield* this.ring.put(part);
        continue;
      }
      const count = this.ring.ready();
      if (count === 0) return;
      const bytes = yield* this.ring.take(count);
      for (const character of bytes.toString('latin1')) this.#take(character);
    }
  }

  #take(character: string): void {
    if (character !== '\r' && character !== '\n') {
      this.#line = `${this.#line}${character}`.slice(-maxLineChars);
      return;
    }
    const line = this.#line;
    this.#line = '';
    if (line !== '') this.onLine(line);
  }
}

/** QEMU's end. `onLine` is told what the guest says. */
export const consoleBackend = (
  domain: Domain,
  onLine: (device: DeviceEnd, line: string) => void = () => undefined,
): BackendKind => ({
  policy: classicBackend,
  // The first one is xenconsoled's.
  takes: (devid) => devid !== '0',
  make: (device) => {
    let line: ConsoleLine | undefined;
    const traffic = new Traffic(domain, everyMs, () => line?.write(`${domain.random.pick(typed)}\r`));
    return {
      initialise: async () => {
        const gref = await otherNumber(device, 'ring-ref');
        const remotePort = await otherNumber(device, 'port');
        if (gref === undefined || remotePort === undefined) {
          throw new XenscopeError('protocol', `The console ${device.other.path} names no ring, or no port.`);
        }
        const { memory } = device.resources.map(device.other.domid, [gref]);
        const port = device.resources.bindInterdomain(device.other.domid, remotePort);
        line = new ConsoleLine(domain, device, new ByteRingEnd(pairOf(memory), 'backend', port), (said) =>
          onLine(device, said),
        );
        return [['tty', `/dev/pts/${device.other.domid}`]];
      },
      connected: () => {
        line?.look();
        traffic.start();
      },
      event: () => line?.look(),
      disconnect: () => {
        traffic.stop();
        line?.close();
      },
    };
  },
});

/** Linux' hvc_xen, with a program at the terminal. */
export const linuxHvc = (domain: Domain): FrontendKind => ({
  habits: { published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens: false },
  make: (device) => {
    let line: ConsoleLine | undefined;
    return {
      initialise: () => {
        const { grefs, memory } = device.resources.share(device.other.domid, 1);
        const port = device.resources.bindUnbound(device.other.domid);
        const answer = (asked: string) => line?.write(`${answerTo(domain, asked)}\r\n`);
        line = new ConsoleLine(domain, device, new ByteRingEnd(pairOf(memory), 'frontend', port), answer);
        return [
          ['ring-ref', grefs[0]!],
          ['port', port.port],
        ];
      },
      connected: () => line?.write(`${domain.name} listens on hvc${device.devid}\r\n`),
      event: () => line?.look(),
      disconnect: () => line?.close(),
    };
  },
});

function answerTo({ name, random }: Domain, asked: string): string {
  switch (asked) {
    case 'status':
      return `${name}: all is well, ${random.between(1, 99)} % of the memory is free`;
    case 'uptime':
      return `${name}: up, load ${(random.between(0, 300) / 100).toFixed(2)}`;
    default:
      return `${asked}: say status, or uptime`;
  }
}
