/** Writes the lines of a journal to a file that only its owner can read: values of a store may be secrets. */
import { open } from 'node:fs/promises';
import { XenscopeError } from '../host/errors';

const pieceChars = 64 * 1024;

export interface WrittenJournal {
  readonly lines: number;
  readonly bytes: number;
}

/** Replaces what the file held. Throws a XenscopeError `input` when it cannot be written. */
export async function writeJournal(file: string, lines: Iterable<string>): Promise<WrittenJournal> {
  const written = { lines: 0, bytes: 0 };
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      // One that was there keeps its mode otherwise; a pipe or a terminal has none of ours.
      if ((await handle.stat()).isFile()) await handle.chmod(0o600);
      let piece = '';
      for (const line of lines) {
        piece += line;
        written.lines++;
        if (piece.length < pieceChars) continue;
        written.bytes += await write(handle, piece);
        piece = '';
      }
      written.bytes += await write(handle, piece);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new XenscopeError(
      'input',
      `The journal cannot be written to ${file}: ${(error as Error).message}.`,
      {
        wayOut: 'Name a file in a folder that exists and that you may write to.',
        cause: error,
      },
    );
  }
  return written;
}

async function write(handle: Awaited<ReturnType<typeof open>>, piece: string): Promise<number> {
  const bytes = Buffer.from(piece);
  await handle.writeFile(bytes);
  return bytes.length;
}
