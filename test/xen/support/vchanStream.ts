/** A vchan as a stream of Node, for protocols that want one. Its end closes the vchan. */
import { Duplex } from 'node:stream';
import type { Vchan } from '../../../server/vchan/vchan';

const pieceBytes = 65_536;

export function vchanStream(vchan: Vchan): Duplex {
  const into = Buffer.alloc(pieceBytes);
  const stream: Duplex = new Duplex({
    read() {
      vchan.read(into).then(
        (count) => stream.push(count > 0 ? Buffer.from(into.subarray(0, count)) : null),
        (error: Error) => stream.destroy(error),
      );
    },
    write(bytes: Buffer, _encoding, done) {
      vchan.write(bytes).then(() => done(), done);
    },
    destroy(error, done) {
      vchan.close().then(() => done(error), done);
    },
  });
  return stream;
}
