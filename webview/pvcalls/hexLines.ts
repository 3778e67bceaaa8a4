/** The bytes of a slot, for a person to read. */

const bytesPerLine = 16;

/** Sixteen bytes a line, each line with its offset. */
export function hexLines(raw: string): string {
  const pairs = raw.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < pairs.length; at += bytesPerLine) {
    lines.push(`${String(at).padStart(2, '0')}  ${pairs.slice(at, at + bytesPerLine).join(' ')}`);
  }
  return lines.join('\n');
}
