/** Which nodes below a frontend's folder can say something about its rings: the others need not be read. */

/** `queue-3`, and the numbered folders of displays and sound cards. */
const part = /^(?:queue-)?[0-9]{1,5}$/;
const names =
  /^(?:state|backend-id|protocol|port|num-rings|ring-page-order|num-ring-pages|(?:[a-z]+-)?ring-ref[0-9]{0,3}|(?:[a-z]+-)?event-channel(?:-[a-z0-9]+)?)$/;

export function isRingNode(name: string): boolean {
  return names.test(name);
}

/** Whether rings may be named in a folder of this name. */
export function isRingFolder(name: string): boolean {
  return part.test(name);
}

/** `queue-1/ring-ref`, `0/0/ring-ref`: nothing that names a ring lies deeper. */
export const maxRingNodeDepth = 3;
