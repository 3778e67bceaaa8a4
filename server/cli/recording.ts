/** The flight recorder of a simulated host, which is always on. */
import { Journal } from '../capture/journal';
import { journalLines } from '../capture/journalFile';
import { recordHost } from '../capture/recordHost';
import { recordStore } from '../capture/storeRecorder';
import type { Observer } from '../host/observer';
import type { StoreTap } from '../host/tap';
import { systemClock } from './systemClock';

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
    alsoRings: (observer) => recordHost(journal, observer, systemClock),
  };
}
