/**
 * Where things stand in struct libxenvchan, whose fields are part of the library's interface. A test compares
 * it with the header, as the tables of functions.
 */
export const vchanStruct = {
  /** As far as we look in all releases; later ones only add to it. */
  bytes: 80,
  ring: 8,
  eventPort: 24,
  /** Three bits of one int. */
  flags: 28,
  serverPersist: 2,
  blocking: 4,
  readOrder: 48,
  writeOrder: 72,
  /** Since 4.17: the folder that a server removes when it is closed, with all below it; NULL: none. */
  xsPath: 80,
} as const;
