/** The command ring of PV Calls: xen/include/public/io/pvcalls.h. Responses may come in another order. */
import { pvcallsCommandNames } from '../pvcalls/commands';
import { pvcallsErrors } from '../pvcalls/errno';
import { slotLayout, type SlotFieldRow, type SlotRing } from './slotRing';

/** What backends answer: `ret` is 0 or one of these. */
const results: Record<number, string> = { 0: 'done' };
for (const [name, { errno }] of Object.entries(pvcallsErrors)) results[-errno] = name;

function command(what: string, rows: readonly SlotFieldRow[]) {
  return slotLayout('struct xen_pvcalls_request', 64, [
    ['req_id', 0, 4, 'The frontend’s own number, which comes back in the response.'],
    ['cmd', 4, 4, 'What is asked for.', { names: pvcallsCommandNames }],
    [`u.${what}.id`, 8, 8, 'The frontend’s own number for the socket.'],
    ...rows,
  ]);
}

const address = (what: string): SlotFieldRow[] => [
  [`u.${what}.addr`, 16, 28, 'The address.', { as: 'sockaddr' }],
  [`u.${what}.len`, 44, 4, 'Bytes of the address that count.'],
];

/** By what is asked; a response looks the same whatever it answers. */
export const PVCALLS_LAYOUTS = {
  socket: command('socket', [
    ['u.socket.domain', 16, 4, 'The family of addresses.', { names: { 2: 'IPv4' } }],
    ['u.socket.type', 20, 4, 'The type of socket.', { names: { 1: 'stream' } }],
    ['u.socket.protocol', 24, 4, 'The protocol.'],
  ]),
  connect: command('connect', [
    ...address('connect'),
    ['u.connect.flags', 48, 4, 'Reserved.'],
    ['u.connect.ref', 52, 4, 'The grant of the page with the indices of the new socket’s data rings.'],
    ['u.connect.evtchn', 56, 4, 'The event channel of the new socket’s data rings.'],
  ]),
  release: command('release', [
    ['u.release.reuse', 16, 1, 'Whether a socket to come will use the same pages and event channel.'],
  ]),
  bind: command('bind', address('bind')),
  listen: command('listen', [['u.listen.backlog', 16, 4, 'How many connections may wait.']]),
  accept: command('accept', [
    ['u.accept.id_new', 16, 8, 'The frontend’s own number for the accepted socket.'],
    ['u.accept.ref', 24, 4, 'The grant of the page with the indices of its data rings.'],
    ['u.accept.evtchn', 28, 4, 'The event channel of its data rings.'],
  ]),
  poll: command('poll', []),
  response: slotLayout('struct xen_pvcalls_response', 24, [
    ['req_id', 0, 4, 'The number of the request that it answers.'],
    ['cmd', 4, 4, 'What had been asked for.', { names: pvcallsCommandNames }],
    ['ret', 8, 4, 'How it went: 0 or a negative errno.', { as: 'signed', names: results }],
    ['u.socket.id', 16, 8, 'The socket of the request.'],
  ]),
};

export const PVCALLS_RING: SlotRing = {
  name: 'xen_pvcalls',
  source: 'xen/include/public/io/pvcalls.h',
  slotBytes: 64,
  carries: 'a call of a socket function',
  mayWait: true,
  takesAtOnce: true,
  requests: {
    usual: PVCALLS_LAYOUTS.socket,
    choice: {
      offsetBytes: 4,
      widthBytes: 4,
      of: {
        1: PVCALLS_LAYOUTS.connect,
        2: PVCALLS_LAYOUTS.release,
        3: PVCALLS_LAYOUTS.bind,
        4: PVCALLS_LAYOUTS.listen,
        5: PVCALLS_LAYOUTS.accept,
        6: PVCALLS_LAYOUTS.poll,
      },
    },
  },
  responses: { usual: PVCALLS_LAYOUTS.response },
};
