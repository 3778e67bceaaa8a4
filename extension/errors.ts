/**
 * Every failure that the extension shows: what is wrong, and what to do about it. Failures of the
 * server arrive as ApiErrorData and keep its words.
 */
import type { ApiErrorData } from '../server/rpc/api';

/** `ApiErrorData['code']`, or one of ours: `server` (it does not run), `cancelled` (by the person), `refused`. */
export type FailureCode = ApiErrorData['code'];

export class Failure extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly wayOut?: string,
    readonly storeError?: string,
  ) {
    super(message);
    this.name = 'Failure';
  }

  /** Both sentences. */
  get text(): string {
    return this.wayOut ? `${this.message} ${this.wayOut}` : this.message;
  }
}

/** JSON-RPC's own codes for a connection that is gone, and for a request that was called off. */
const connectionCodes = new Set([-32099, -32097, -32096]);
const cancelledCodes = new Set([-32800, -32802]);

function isApiErrorData(data: unknown): data is ApiErrorData {
  return typeof data === 'object' && data !== null && typeof (data as ApiErrorData).code === 'string';
}

/** Whatever was thrown, as something that can be shown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { message, code, data } = (error ?? {}) as { message?: unknown; code?: unknown; data?: unknown };
  const text = typeof message === 'string' && message !== '' ? message : String(error);
  if (isApiErrorData(data)) return new Failure(data.code, text, data.wayOut, data.storeError);
  if (cancelledCodes.has(code as number)) return new Failure('cancelled', 'The request was called off.');
  if (connectionCodes.has(code as number)) return failures.serverEnded();
  return new Failure('internal', text);
}

export const failures = {
  serverDown: () =>
    new Failure(
      'server',
      'The Xenscope server is not running.',
      'It is started again by itself; “Xenscope: Restart Server” does it now.',
    ),
  serverEnded: () =>
    new Failure(
      'server',
      'The Xenscope server ended before it answered.',
      'It is started again by itself; try once more then.',
    ),
  serverExited: (how: string) =>
    new Failure('server', `The Xenscope server ended (${how}).`, 'The server log says more.'),
  serverOvertaken: () =>
    new Failure('cancelled', 'The server was stopped, or started anew, before this start was over.'),
  noSuchHost: (id: string) =>
    new Failure('input', `There is no host “${id}”.`, 'The view “Hosts” lists the hosts and adds others.'),
  hostNotConnected: (label: string) =>
    new Failure('away', `${label} is not connected.`, 'Connect it in the view “Hosts”.'),
  hostAway: (label: string, reason: string) =>
    new Failure('away', `${label} cannot be reached: ${reason}`, 'It is tried again by itself.'),
  noPace: () => new Failure('unsupported', 'Only the simulator has a pace.'),
  noSocket: (label: string) =>
    new Failure('unsupported', `${label} has no socket for other programs now.`, 'Connect it first.'),
  noRootNeeded: (label: string) =>
    new Failure('input', `${label} needs no server that runs as root.`, 'The view “Hosts” says how it is.'),
  rootServerSilent: (path: string) =>
    new Failure('away', `It does not answer at ${path}.`, 'It is tried again by itself.'),
  notRemovable: (label: string) =>
    new Failure('input', `${label} is always there; only an added socket can be removed.`),
  rowGone: () => new Failure('overtaken', 'That row has just been drawn anew.', 'Choose the guest again.'),
  noWorld: (label: string) =>
    new Failure(
      'unsupported',
      `${label} is a real host: it cannot be held, and its guests are not ours to break.`,
      'The simulator can do all that.',
    ),
  /** `now`: `web is paused now`. */
  cannotAct: (act: string, now: string) => new Failure('input', `“${act}” cannot be done: ${now}.`),
  noCurrentHost: () => new Failure('input', 'No host is shown.', 'Choose one in the view “Hosts”.'),
  noNodeChosen: () =>
    new Failure('input', 'No node is selected.', 'Select a row of the view “Xenstore” first.'),
  nothingToUndo: () => new Failure('input', 'There is no change of yours to undo on this host.'),
  noLink: (path: string) => new Failure('input', `The value of ${path} is not the path of a node.`),
  noSuchPath: (path: string) => new Failure('store', `There is no node ${path}.`, undefined, 'ENOENT'),
  noDeviceChosen: () => new Failure('input', 'No device is named.', 'Choose one in the view “Devices”.'),
  noSuchDevice: (id: string) =>
    new Failure(
      'gone',
      `There is no device ${id} now.`,
      'It may have been removed; the view “Devices” shows those that there are.',
    ),
  fileUnreadable: (name: string, error: unknown) =>
    new Failure('input', `“${name}” cannot be read: ${readingProblem(error)}`, 'Choose another file.'),
  badHex: (line: number, token: string) =>
    new Failure(
      'input',
      `Line ${line}: “${token}” is not a pair of hexadecimal digits.`,
      'Nothing was saved; mend the line and save again.',
    ),
  notANodeFile: (name: string) =>
    new Failure(
      'input',
      `“${name}” cannot be a file here: a node of the xenstore is a folder, and its value is the file “.value” in it.`,
      'Create a folder to create a node.',
    ),
  noRename: () =>
    new Failure(
      'unsupported',
      'The xenstore cannot rename or move a node.',
      'Create the new node and delete the old one.',
    ),
  valueStaysWithNode: () =>
    new Failure(
      'unsupported',
      'A value cannot be deleted apart from its node.',
      'Delete the folder, or save an empty value.',
    ),
  badPath: (path: string) =>
    new Failure(
      'input',
      `“${path}” cannot be the path of a node.`,
      'A path is made of letters, digits, “-”, “_” and “@” between slashes.',
    ),
  noRings: (label: string) =>
    new Failure('unsupported', `${label} shows no rings.`, 'Through a socket only the xenstore can be seen.'),
  noDevice: (label: string) =>
    new Failure('input', `${label} has no device for that now.`, 'The view “Devices” shows how each stands.'),
  noPvCalls: (label: string) =>
    new Failure(
      'input',
      `No guest of ${label} has a PV Calls device now.`,
      'The view “PV Calls” says how a guest has one.',
    ),
  noMove: (device: string) =>
    new Failure(
      'input',
      `Neither side of ${device} may move by the rules.`,
      'What has no state can be cleaned up.',
    ),
  nothingLeft: (label: string) =>
    new Failure('input', `No domain that is gone has left a backend on ${label}.`),
  noVchans: (label: string) =>
    new Failure(
      'input',
      `No vchan can be watched on ${label} now.`,
      'One is seen when a client has connected to it, on a real host where it is lent to the domain of the server.',
    ),
  noPvCallsBackend: (label: string) =>
    new Failure(
      'unsupported',
      `Nothing on ${label} could serve PV Calls.`,
      'The simulator has a backend; through a socket only the xenstore can be seen.',
    ),
  /** `why`: as the server says it. */
  noInterceptableBackend: (label: string, why: string | undefined) =>
    new Failure('unsupported', why ?? `No backend of PV Calls on ${label} can be stood before.`),
  /** `backend`: the domain that serves it. `why`: as the server says it of a backend of ours. */
  notInterceptable: (backend: string, why: string | undefined) =>
    new Failure(
      'unsupported',
      `The backend of this device, in ${backend}, is none that can be stood before.`,
      why ?? 'A device that is connected to our own backend can be.',
    ),
  noRecorder: (label: string) =>
    new Failure(
      'unsupported',
      `${label} has no flight recorder, because only its xenstore can be seen from here.`,
    ),
  notHere: (uri: string) =>
    new Failure(
      'unsupported',
      `${uri} is not on the machine of the Xenscope server, which writes the file.`,
      'Choose a folder of that machine.',
    ),
  refused: (text: string, details: readonly string[]) => new Failure('refused', text, details.join(' ')),
  notConfirmed: () => new Failure('cancelled', 'Nothing was changed: the change was not confirmed.'),
};

/** What the machine says of a file, as a clause. */
function readingProblem(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  switch (code) {
    case 'EISDIR':
      return 'it is a folder.';
    case 'EACCES':
    case 'EPERM':
      return 'you may not read it.';
    case 'ENOENT':
      return 'it is not there any more.';
    default:
      return `${String(message ?? error)}.`;
  }
}
