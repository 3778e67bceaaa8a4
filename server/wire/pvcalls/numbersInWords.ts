/** Numbers of the protocol as they are read in sentences. Pure. */

/** Of a socket. Pointers of a kernel are read in hexadecimal, and small numbers are not. */
export function idText(id: bigint): string {
  return id < 2n ** 32n ? String(id) : `0x${id.toString(16)}`;
}

/** `−111`, with the sign of a number and not a hyphen. */
export function numberText(ret: number): string {
  return String(ret).replace('-', '−');
}
