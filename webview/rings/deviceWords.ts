/** What the panel of a device's ring explains. */
import type { RingDevice, RingRow } from '../../server/rpc/api';

/** Where it lies and whose it is. */
export function deviceText({ backendDomid, grefs, port }: RingDevice): string {
  const pages = grefs.length === 1 ? `grant ${grefs[0]}` : `grants ${grefs.join(', ')}`;
  const bell = port === undefined ? 'its event channel was not published' : `event channel ${port}`;
  return `Lent to domain ${backendDomid} under ${pages}; ${bell}.`;
}

/** “What am I looking at”. */
export function deviceExplanation({ device, slots }: RingRow, owner: string): string[] {
  const { title, carries, backendDomid } = device!;
  const shared = `Memory that the frontend of ${title} in ${owner} shares with its backend in domain ${backendDomid}.`;
  const last = 'This view only looks. It reads the ring many times a second and never writes to it.';
  if (!slots && device!.deviceClass === '9pfs') {
    return [
      shared,
      'Its words say how far each side has written and read, and name the pages in which the bytes lie: “out” carries requests of the file protocol 9P, “in” their answers. An answer has the tag of its request.',
      'What waits is read message by message. Of what was read already the messages are listed that stand there still.',
      last,
    ];
  }
  if (!slots && device!.deviceClass === 'pvcalls') {
    return [
      `${shared} It belongs to one socket of PV Calls; no node names it, but the command that made the socket.`,
      'Its words say how far each side has written and read, and name the pages in which the bytes lie: “out” carries what the guest sends, “in” what comes for it. A direction has ended when its error word is set: −107, ENOTCONN, is the orderly end.',
      'What waits is shown as text, line by line, and so is what was read already and stands there still.',
      last,
    ];
  }
  if (!slots) {
    return [
      shared,
      'Its words say how far each side has written and read. What is carried lies in other pages and is not looked at.',
      last,
    ];
  }
  const what = carries === undefined ? 'a request' : carries;
  return [
    `${shared} It is a ring of ${slots.slots} slots; each holds ${what}, and later the response to one.`,
    'req_prod counts the requests that the frontend has published, rsp_prod the responses of the backend. What lies between, the coloured arc, is in flight. Responses may come in another order than the requests: the numbers in their fields tell which belongs to which.',
    ...(slots.isPosted
      ? [
          'The requests of this ring are empty buffers: in rest they lie here, and something comes back when data came in.',
        ]
      : []),
    'How far each side has looked is its own affair and lies in no shared word. Only a side that goes to sleep tells it: by req_event or rsp_event it asks to be told of the next one.',
    'The slots name pages by their grants; the data is in those pages and is not looked at.',
    last,
  ];
}
