/** A real driver domain: a guest whose kernel serves a disk and a network to another guest, with our server in it. */
import assert from 'node:assert/strict';
import { eventually, output, run } from './dom0';
import { Guest } from './guest';
import { bringToGuests, diskSettings, guestFolder } from './guestDisk';

const modules = '/disk/driver-modules';
/** Of the network between the two. */
export const driverAddress = '10.9.0.1';
const servedAddress = '10.9.0.2';
/** What a driver of Linux says when it serves. */
const connected = '4';

/** Node runs there twice and thrice. */
const memory = 'memory = 256';
const servedDevices = [
  ['vbd', 51712],
  ['vif', 0],
] as const;

/** Node with a program of ours, from dom0's disk. */
const inGuest = (program: string) =>
  `chroot /disk env NODE_PATH=${guestFolder}/node_modules node ${guestFolder}/${program}`;

export class DriverDomain {
  private constructor(readonly guest: Guest) {}

  /** With the drivers of Linux for disks and networks, and our program on its disk. */
  static async create(name: string): Promise<DriverDomain> {
    bringToGuests('/xenscope/server.cjs');
    const guest = await Guest.create(name, { settings: ['driver_domain = 1', ...diskSettings, memory] });
    await guest.type(`insmod ${modules}/xen-blkback.ko; insmod ${modules}/xen-netback.ko`);
    await guest.type('mount -t xenfs xenfs /disk/proc/xen');
    return new DriverDomain(guest);
  }

  /** Our command line in this domain: a command of its shell. */
  xenscope(args: string): string {
    return inGuest(`server.cjs ${args}`);
  }

  /** What a program prints that was brought to guests before this one was made. */
  run(program: string, args: string): Promise<string> {
    return this.guest.type(inGuest(`${program} ${args}`));
  }

  /** A guest whose disk, which is dom0's, and network come through this domain. */
  async createServed(name: string): Promise<Guest> {
    const { guest: driver } = this;
    const from = `backend=${driver.name}`;
    const disk = `format=raw,vdev=xvda,access=r,${from},backendtype=phy,script=/machine/guest-disk,target=/dev/xvda`;
    const vif = `${from},mac=00:16:3e:00:00:01,bridge=`;
    await output(
      'xl',
      'create',
      '/machine/guest.cfg',
      [`name = "${name}"`, `disk = ["${disk}"]`, `vif = ["${vif}"]`].join(';'),
    );
    const domid = Number(await output('xl', 'domid', name));
    // What the scripts of a toolstack do in a driver domain, which cannot run xl here (docs/real-xen.md).
    await driver.type(
      [
        `XENBUS_PATH=backend/vbd/${domid}/51712 sh /disk/machine/guest-disk add`,
        `xenstore-write backend/vif/${domid}/0/hotplug-status connected`,
        `ip addr add ${driverAddress}/24 dev vif${domid}.0`,
        `ip link set vif${domid}.0 up`,
      ].join('; '),
    );
    const served = await Guest.named(name);
    await served.type(
      `insmod ${modules}/xen-netfront.ko; ip addr add ${servedAddress}/24 dev eth0; ip link set eth0 up`,
    );
    const state = `${driver.path}/backend/vif/${domid}/0/state`;
    await eventually(async () => (await run('xenstore-read', [state])).stdout.trim() === connected);
    return served;
  }

  /** Ends a guest that is served here, whose backends nobody but this domain removes. */
  async destroyServed(served: Guest): Promise<void> {
    const destroyed = run('xl', ['destroy', served.name]);
    for (const [kind, devid] of servedDevices) {
      const isThere = `[ -e /sys/bus/xen-backend/devices/${kind}-${served.domid}-${devid} ]`;
      const nodes = `backend/${kind}/${served.domid}/${devid}`;
      await this.guest.type(`while ${isThere}; do usleep 50000; done; xenstore-rm ${nodes}`);
    }
    const { status, stderr } = await destroyed;
    assert.equal(status, 0, stderr);
    await served.gone();
  }
}
