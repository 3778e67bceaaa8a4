/**
 * One start at a time. Each begins a turn; a later turn, or an end, makes it void, and what an
 * earlier one still brings about is thrown away instead of living on beside the other.
 */
import { failures } from './errors';

export interface Turn {
  readonly isCurrent: boolean;
  /** What the work gives; when the turn has passed meanwhile, that is discarded and a Failure thrown. */
  only<T>(work: Promise<T>, discard?: (late: T) => void): Promise<T>;
}

export class Turns {
  private latest = 0;

  begin(): Turn {
    const number = ++this.latest;
    const isCurrent = () => number === this.latest;
    return {
      get isCurrent() {
        return isCurrent();
      },
      async only(work, discard) {
        const done = await work;
        if (isCurrent()) return done;
        discard?.(done);
        throw failures.serverOvertaken();
      },
    };
  }

  /** No turn is current any more. */
  end(): void {
    this.latest++;
  }
}
