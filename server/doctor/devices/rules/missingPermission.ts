/** A side cannot see what it waits for: the other's folder is not for it to read. */
import type { XsPerm } from '../../../wire/xsPerms';
import type { DeviceRule } from '../deviceRule';
import { sideNames } from '../deviceRule';

export const missingPermission: DeviceRule = {
  id: 'missing-permission',
  judge(device) {
    for (const side of sideNames) {
      const reader = side === 'frontend' ? device.backend : device.frontend;
      const perms = device.perms[side];
      if (!perms || !reader.exists || mayRead(perms, reader.domid)) continue;
      return {
        severity: 'error',
        text: `domain ${reader.domid} may not read the ${side}`,
        evidence: [
          `${device[side].path} is for ${readersOf(perms)}.`,
          `To the ${side === 'frontend' ? 'backend' : 'frontend'} in domain ${reader.domid} its state is Unknown, whatever it is.`,
          `Allow domain ${reader.domid} to read the folder and what is below it.`,
        ],
      };
    }
    return undefined;
  },
};

/** Domain 0 may read everything; of the others, the owner, who is listed, and who falls under the default. */
export function mayRead(perms: readonly XsPerm[], domid: number): boolean {
  const [owner, ...listed] = perms;
  if (!owner || domid === 0 || owner.domid === domid) return true;
  return listed.find((perm) => perm.domid === domid)?.read ?? owner.read;
}

function readersOf(perms: readonly XsPerm[]): string {
  const [owner, ...listed] = perms;
  const readers = listed.filter(({ read }) => read).map(({ domid }) => `domain ${domid}`);
  return [`its owner, domain ${owner!.domid},`, ...readers].join(' and ');
}
