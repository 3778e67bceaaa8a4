/** Where every request of a frontend comes by before its backend does anything: whoever stands there decides. */
import type { PretendedPeer } from '../../host/callInterceptor';
import type { PvCallsRequest } from '../../wire/pvcalls/slots';

export interface GatedCall {
  readonly request: PvCallsRequest;
  /** The copy that was taken of its 64 bytes; nobody changes it. */
  readonly slot: Buffer;
  /** Of these, the first counts; when the device has disconnected, none. */
  readonly ways: CallWays;
}

export interface CallWays {
  /** The backend does it, and answers. */
  pass(): void;
  /** The frontend is answered `ret`; nothing else is done. */
  answer(ret: number): void;
  /**
   * The frontend is answered 0 and nothing is done, but that a CONNECT or an ACCEPT makes a connected socket of
   * data rings that are mapped and served: by somebody of ours, instead of the network. Where they cannot be
   * mapped that is answered.
   */
  pretend(peer: PretendedPeer): void;
}

/** Of one device. */
export interface CallGate {
  /** Called once for each request, in the order in which they came. The ways may be used at once, later or never. */
  arrive(call: GatedCall): void;
  /** Told of each answer when it is known. */
  answered(request: PvCallsRequest, ret: number): void;
  /** The device disconnects: no way leads anywhere any more. */
  close(): void;
}
