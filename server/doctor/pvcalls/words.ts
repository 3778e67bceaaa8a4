/** How verdicts speak of calls. */
import { type CallSeen, socketText } from '../../model/pvcalls/callSeen';

/** `socket 5`; `a socket` where nobody knows which. */
export function socketOf({ id }: CallSeen): string {
  return id === undefined ? 'a socket' : socketText(id);
}

/** The key of its socket, for a diagnosis. */
export function aboutSocket({ socket }: CallSeen): { readonly socket?: string } {
  return socket ? { socket: socket.key } : {};
}

/** `CONNECT is request 12.` */
export function requestLine({ title, reqId }: CallSeen): string {
  return `${title} is request ${reqId} of the frontend.`;
}
