/** A host whose sides are programs in domains of their own, and perhaps this very process. */
import type { HostSide, HostUnderTest } from '../hostSuite';
import { RemoteSide } from './remoteSide';

/** This process as one of the sides. */
export interface LocalSide extends HostSide {
  settled(): Promise<void>;
  /** For good; `end` is that of the program. */
  close(): void;
}

export interface SidesHostOptions {
  readonly ours: RemoteSide | LocalSide;
  readonly theirs: RemoteSide | LocalSide;
  /** Made when it is wanted: few tests have one. */
  readonly stranger: () => RemoteSide;
  readonly endDomain: (domid: number) => Promise<void>;
}

/** What one hears may make it ring the other. */
const rounds = 2;

export function sidesHost({ ours, theirs, stranger, endDomain }: SidesHostOptions): HostUnderTest {
  let third: RemoteSide | undefined;
  const sides = () => [ours, theirs, ...(third ? [third] : [])];
  return {
    ours,
    theirs,
    get stranger() {
      return (third ??= stranger());
    },
    endDomain: ({ domid }) => endDomain(domid),
    async settled() {
      for (let round = 0; round < rounds; round++) {
        for (const side of sides()) {
          if (side instanceof RemoteSide) side.settle();
          else await side.settled();
        }
      }
    },
    close() {
      for (const side of sides()) {
        if (side instanceof RemoteSide) side.end();
        else side.close();
      }
    },
  };
}
