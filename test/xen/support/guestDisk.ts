/** dom0's own disk as a guest is given it, to read: with Node, the programs of Xen and their libraries on it. */
export function guestDisk(name = 'xvda'): string {
  return [
    'format=raw',
    `vdev=${name}`,
    'access=r',
    'backendtype=phy',
    'script=/machine/guest-disk',
    'target=/dev/vda',
  ].join(',');
}

/** Of a guest that has it. */
export const diskSettings: readonly string[] = ['memory = 192', `disk = ["${guestDisk()}"]`];
