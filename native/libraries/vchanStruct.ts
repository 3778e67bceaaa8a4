/**
 * Where things stand in struct libxenvchan, whose fields are part of the library's interface. A test compares
 * it with the header, as the tables of functions.
 */
export const vchanStruct = {
  /** As far as we look; releases after 4.17 only add to it. */
  bytes: 80,
  ring: 8,
  eventPort: 24,
  /** Three bits of one int. */
  flags: 28,
  serverPersist: 2,
  blocking: 4,
  readOrder: 48,
  writeOrder: 72,
} as const;
