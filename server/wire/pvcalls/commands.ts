/** The commands of PV Calls by their numbers: PVCALLS_* of xen/include/public/io/pvcalls.h. */

export const pvcallsCommands = {
  socket: 0,
  connect: 1,
  release: 2,
  bind: 3,
  listen: 4,
  accept: 5,
  poll: 6,
} as const;

export type PvCallsCommand = keyof typeof pvcallsCommands;

/** By number. */
export const pvcallsCommandNames: Readonly<Record<number, PvCallsCommand>> = Object.fromEntries(
  Object.entries(pvcallsCommands).map(([name, number]) => [number, name as PvCallsCommand]),
);

/** All that a SOCKET may ask for in version 1; anything else is not supported. */
export const PVCALLS_AF_INET = 2;
export const PVCALLS_SOCK_STREAM = 1;

/** What a backend publishes as `versions`, and its frontend chooses as `version`. */
export const PVCALLS_VERSION = '1';
