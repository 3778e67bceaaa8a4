/** The flight recorder of a simulated host: always on; `--journal` keeps what it holds at the end. */
import { open } from 'node:fs/promises';
import { Journal } from '../capture/journal';
import { journalLines } from '../capture/journalFile';
import { recordRings } from '../capture/ringRecorder';
import { RingSampler } from '../capture/sampler';
import { recordStore } from '../capture/storeRecorder';
import { XenscopeError } from '../host/errors';
import type { Observer } from '../host/observer';
import type { StoreTap } from '../host/tap';
import { systemClock } from './systemClock';

const ringIntervalMs = 50;
const pieceChars = 64 * 1024;

export interface Recording {
  /** For the store of a world. */
  readonly tap: StoreTap;
  /** Everything that is held, as the lines of a journal file. */
  lines(): Iterable<string>;
  /** Records what can be seen of the rings as well; answers how to stop. */
  alsoRings(observer: Observer): () => void;
}

export function startRecording(): Recording {
  const journal = new Journal({ clock: systemClock });
  return {
    tap: recordStore(journal),
    lines: () => journalLines(journal),
    alsoRings(observer) {
      const sampler = new RingSampler({ observer, clock: systemClock });
      return sampler.listen(recordRings(journal), ringIntervalMs).stop;
    },
  };
}

/** Only the user may read it: values of a store may be secrets. */
export async function writeJournalFile(file: string, lines: Iterable<string>): Promise<void> {
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      let piece = '';
      for (const line of lines) {
        piece += line;
        if (piece.length < pieceChars) continue;
        await handle.write(piece);
        piece = '';
      }
      await handle.write(piece);
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
}
