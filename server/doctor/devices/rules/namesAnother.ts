/** The two ends do not name each other: each then watches, and grants to, somebody else. */
import type { NamedEnd } from '../../../model/devices/deviceSeen';
import type { DeviceSide, DeviceSideName } from '../../../model/devices/deviceTypes';
import type { DeviceRule } from '../deviceRule';

export const namesAnother: DeviceRule = {
  id: 'names-another',
  judge({ naming, frontend, backend }) {
    const { frontend: byFrontend, backend: byBackend } = naming;
    // Where one end is missing, that is what there is to say.
    if (!byFrontend || !byBackend) return undefined;
    const text =
      wrongName('frontend', byFrontend, backend) ?? wrongName('backend', byBackend, frontend) ?? undefined;
    if (text === undefined) return undefined;
    return {
      severity: 'error',
      text,
      evidence: [
        line('frontend', frontend, byFrontend),
        line('backend', backend, byBackend),
        'A driver follows the folder that its own names, and lends its pages to the domain that it names; the other end is never seen.',
        'Whoever made the device has to make it anew, with both ends naming each other.',
      ],
    };
  },
};

/** What `side` says wrongly of its other end, in one clause. */
function wrongName(side: DeviceSideName, named: NamedEnd, other: DeviceSide): string | undefined {
  const otherSide = side === 'frontend' ? 'backend' : 'frontend';
  if (named.path === undefined) return `the ${side} names no ${otherSide}`;
  if (named.path !== other.path) return `the ${side} names another ${otherSide}, ${named.path}`;
  if (named.domid === undefined) return `the ${side} does not say in which domain its ${otherSide} is`;
  if (named.domid.trim() === String(other.domid)) return undefined;
  return `the ${side} says that its ${otherSide} is in domain ${named.domid}, and it is in domain ${other.domid}`;
}

function line(side: DeviceSideName, { path }: DeviceSide, named: NamedEnd): string {
  const otherSide = side === 'frontend' ? 'backend' : 'frontend';
  const says = (value: string | undefined) => (value === undefined ? 'is missing' : `is "${value}"`);
  return `In ${path}, ${otherSide} ${says(named.path)} and ${otherSide}-id ${says(named.domid)}.`;
}
