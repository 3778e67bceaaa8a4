/** The other end of a connection that was never made, for a socket that somebody said is connected. */
import { Duplex, PassThrough } from 'node:stream';
import type { PretendedPeer } from '../../host/callInterceptor';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import type { NetConnection } from '../network';

const nowhere: Ipv4Address = { host: '0.0.0.0', port: 0 };

/** Nothing of it leaves this process. */
export function pretendedConnection(peer: PretendedPeer, remote: Ipv4Address = nowhere): NetConnection {
  const stream = peer === 'echo' ? new PassThrough({ allowHalfOpen: true }) : new Sink();
  return { stream, local: nowhere, remote, reset: () => void stream.destroy() };
}

/** Takes all and says nothing, until the other side has said its last. */
class Sink extends Duplex {
  override _read(): void {
    // There is never anything to read.
  }

  override _write(_bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }
}
