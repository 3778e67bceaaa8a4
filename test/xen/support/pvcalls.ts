/** Linux's own ends of PV Calls, built for these tests: modules of dom0 and of a real guest, and the nodes of a device. */
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { XenbusState } from '../../../server/wire/xenbusState';
import { eventually, output, run } from './dom0';
import { Guest } from './guest';
import { diskSettings } from './guestDisk';

const built = '/suites/pvcalls';
/** On dom0's disk, which the guest reads. */
const onDisk = '/side/pvcalls';
const { InitWait, Connected, Closing, Closed } = XenbusState;

/** As Linux's sources have it, or with the line that lets a frontend receive. */
export type LinuxBackend = 'pvcalls-back' | 'pvcalls-back-mended';

/** The guest's program for sockets over PV Calls: `pvsocket.c` says what it does. */
export const pvsocket = `/disk${onDisk}/pvsocket`;

/** A `describe` that is skipped where the modules could not be built, and fails there with CI=true. */
export function describeWithPvCalls(title: string, define: () => void): void {
  const why = process.env['XENSCOPE_NO_PVCALLS'];
  if (why === undefined) {
    describe(title, define);
    return;
  }
  describe(`${title}: missing here: ${why.split('\n', 1)[0]}`, () => {
    it('runs', function () {
      if (process.env['CI'] === 'true') throw new Error(`With CI=true nothing may be skipped. ${why}`);
      this.skip();
    });
  });
}

/** A guest whose kernel has the frontend, and sockets over it; it waits for its device. */
export async function createPvCallsGuest(name: string): Promise<Guest> {
  cpSync(built, onDisk, { recursive: true });
  // The guest reads the disk itself, past whatever dom0 has not written yet.
  execFileSync('sync');
  const guest = await Guest.create(name, { settings: diskSettings });
  const modules = ['pvcalls-front', 'pvcalls-sockets'];
  await guest.type(modules.map((module) => `insmod /disk${onDisk}/${module}.ko`).join('; '));
  return guest;
}

/** Into dom0's kernel. Resolves to a function that takes it out again. */
export async function loadLinuxBackend(name: LinuxBackend): Promise<() => Promise<void>> {
  await output('insmod', `${built}/${name}.ko`);
  return async () => void (await output('rmmod', name));
}

/** The nodes of a device of a domain whose backend is in dom0. */
export class PvCallsNodes {
  readonly front: string;
  readonly back: string;

  constructor(private readonly domid: number) {
    this.front = `/local/domain/${domid}/device/pvcalls/0`;
    this.back = `/local/domain/0/backend/pvcalls/${domid}/0`;
  }

  /** As a toolstack does it. Resolves when the backend waits for its frontend. */
  async write(): Promise<void> {
    const { front, back, domid } = this;
    await output('xenstore-write', front, '', back, '');
    await output('xenstore-chmod', front, `n${domid}`, 'r0');
    await output('xenstore-chmod', back, 'n0', `r${domid}`);
    const nodes = {
      [`${front}/backend`]: back,
      [`${front}/backend-id`]: 0,
      [`${front}/state`]: XenbusState.Initialising,
      [`${back}/frontend`]: front,
      [`${back}/frontend-id`]: domid,
      [`${back}/online`]: 1,
      [`${back}/state`]: XenbusState.Initialising,
    };
    await output('xenstore-write', ...Object.entries(nodes).flat().map(String));
    await eventually(async () => (await this.#state(back)) >= InitWait);
  }

  async areConnected(): Promise<void> {
    await this.#are(Connected);
  }

  /** As a toolstack takes a device away. */
  async takeAway(): Promise<void> {
    await output('xenstore-write', `${this.back}/online`, '0', `${this.back}/state`, String(Closing));
    await this.#are(Closed);
    await this.remove();
  }

  async remove(): Promise<void> {
    await run('xenstore-rm', [this.back]);
    await run('xenstore-rm', [this.front]);
  }

  async #are(state: XenbusState): Promise<void> {
    for (const path of [this.front, this.back]) {
      await eventually(async () => (await this.#state(path)) === state);
    }
  }

  async #state(path: string): Promise<number> {
    return Number((await run('xenstore-read', [`${path}/state`])).stdout);
  }
}

/** Gives a guest its device. Linux's frontend looks once what its backend offers: it must not see it too early. */
export async function attach(guest: Guest): Promise<PvCallsNodes> {
  const nodes = new PvCallsNodes(guest.domid);
  await output('xl', 'pause', guest.name);
  await nodes.write();
  await output('xl', 'unpause', guest.name);
  await nodes.areConnected();
  return nodes;
}

export async function detach(guest: Guest, nodes: PvCallsNodes): Promise<void> {
  await nodes.takeAway();
  await guest.type('while [ -e /sys/bus/xen/devices/pvcalls-0 ]; do usleep 50000; done');
}
