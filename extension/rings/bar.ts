/** How full something is, in a line of text. */

const barCells = 6;

/** `▰▰▱▱▱▱`: a cell is lit as soon as something of it is there, and the last one only when all is. */
export function bar(used: number, size: number): string {
  const lit = used >= size ? barCells : Math.min(barCells - 1, Math.ceil((used * barCells) / size));
  return '▰'.repeat(lit) + '▱'.repeat(barCells - lit);
}
