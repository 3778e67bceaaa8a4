/** Every error that an editor may show, in one place: a stable number, what is wrong, and what to do. */
import { XenscopeError } from '../../host/errors';

export class RequestError extends Error {
  constructor(
    readonly id: number,
    message: string,
    /** Whether the editor should put it before the person, or only where the answer would have been. */
    readonly showUser: boolean,
  ) {
    super(message);
  }
}

const shown = (id: number, message: string) => new RequestError(id, message, true);
const quiet = (id: number, message: string) => new RequestError(id, message, false);

export const errors = {
  unknownRequest: (command: string) => quiet(1, `Xenscope does not know the request “${command}”.`),
  /** A mistake of ours; `detail` is for whoever mends it. */
  mistake: (command: string, detail: string) =>
    quiet(2, `A mistake of Xenscope ended the request “${command}”: ${detail}`),

  onlyLaunch: () =>
    shown(10, 'Only a simulated host can be held. Use "request": "launch" with "host": "simulator".'),
  launchedAlready: () =>
    shown(11, 'This session has its world already. Start another session for another world.'),
  badArgument: (sentence: string) => shown(12, sentence),
  worldFailed: (error: unknown) => shown(13, `The simulator could not be started: ${sentenceOf(error)}`),

  noWorld: () => quiet(20, 'There is no world yet. Launch one first.'),
  notHeld: () => quiet(21, 'The world is not held. Pause it first.'),
  unknownThread: (id: number) => quiet(22, `There is no connection ${id}, or it ended long ago.`),
  oldReference: () => quiet(23, 'The world went on since this was shown.'),
  droppedListing: () =>
    quiet(24, 'This part of the listing was dropped, because the connection said so much since.'),
  noException: () => quiet(25, 'The world is not held because of an error.'),
  badAddress: (text: string) => quiet(26, `“${text}” is no address. Addresses look like 0x0003000100000000.`),

  cannotEvaluate: (error: XenscopeError) => quiet(30, sentenceOf(error)),
} as const;

function sentenceOf(error: unknown): string {
  if (error instanceof XenscopeError)
    return error.wayOut ? `${error.message} ${error.wayOut}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
