/** XenbusState of xen/include/public/io/xenbus.h: decimal ASCII in a device's `state` node. */

export const XenbusState = {
  Unknown: 0,
  Initialising: 1,
  InitWait: 2,
  Initialised: 3,
  Connected: 4,
  Closing: 5,
  Closed: 6,
  Reconfiguring: 7,
  Reconfigured: 8,
} as const;

export type XenbusState = (typeof XenbusState)[keyof typeof XenbusState];
export type XenbusStateName = keyof typeof XenbusState;

const names = Object.keys(XenbusState) as XenbusStateName[];

/** The name of a state, from the text of a `state` node; undefined when it is none. */
export function xenbusStateName(text: string): XenbusStateName | undefined {
  return /^[0-8]$/.test(text) ? names[Number(text)] : undefined;
}
