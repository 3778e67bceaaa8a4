/** A stream of bytes in pieces, as transports bring it. */

/** Cut into pieces of these sizes, which repeat; each piece is a copy. */
export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let offset = 0;
  for (let turn = 0; offset < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    pieces.push(Buffer.from(bytes.subarray(offset, offset + size)));
    offset += size;
  }
  return pieces;
}
