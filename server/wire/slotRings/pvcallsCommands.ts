/** The command ring of PV Calls: xen/include/public/io/pvcalls.h. Responses may come in another order. */
import { slotLayout, type SlotFieldRow, type SlotRing } from './slotRing';

const commands = { 0: 'socket', 1: 'connect', 2: 'release', 3: 'bind', 4: 'listen', 5: 'accept', 6: 'poll' };

/** What backends answer, as Linux numbers it on x86. */
const results = {
  0: 'done',
  [-4]: 'EINTR',
  [-14]: 'EFAULT',
  [-17]: 'EEXIST',
  [-22]: 'EINVAL',
  [-97]: 'EAFNOSUPPORT',
  [-98]: 'EADDRINUSE',
  [-99]: 'EADDRNOTAVAIL',
  [-107]: 'ENOTCONN',
  [-110]: 'ETIMEDOUT',
  [-111]: 'ECONNREFUSED',
  [-113]: 'EHOSTUNREACH',
  [-524]: 'ENOTSUP',
};

function command(what: string, rows: readonly SlotFieldRow[]) {
  return slotLayout('struct xen_pvcalls_request', 64, [
    ['req_id', 0, 4, 'The frontend’s own number, which comes back in the response.'],
    ['cmd', 4, 4, 'What is asked for.', { names: commands }],
    [`u.${what}.id`, 8, 8, 'The frontend’s own number for the socket.'],
    ...rows,
  ]);
}

const address = (what: string): SlotFieldRow[] => [
  [`u.${what}.addr`, 16, 28, 'The address.', { as: 'sockaddr' }],
  [`u.${what}.len`, 44, 4, 'Bytes of the address that count.'],
];

const kinds = {
  connect: command('connect', [
    ...address('connect'),
    ['u.connect.flags', 48, 4, 'Reserved.'],
    ['u.connect.ref', 52, 4, 'The grant of the page with the indices of the new socket’s data rings.'],
    ['u.connect.evtchn', 56, 4, 'The event channel of the new socket’s data rings.'],
  ]),
  release: command('release', [['u.release.reuse', 16, 1, 'Whether the rings may be used again; ignored.']]),
  bind: command('bind', address('bind')),
  listen: command('listen', [['u.listen.backlog', 16, 4, 'How many connections may wait.']]),
  accept: command('accept', [
    ['u.accept.id_new', 16, 8, 'The frontend’s own number for the accepted socket.'],
    ['u.accept.ref', 24, 4, 'The grant of the page with the indices of its data rings.'],
    ['u.accept.evtchn', 28, 4, 'The event channel of its data rings.'],
  ]),
  poll: command('poll', []),
};

export const PVCALLS_RING: SlotRing = {
  name: 'xen_pvcalls',
  source: 'xen/include/public/io/pvcalls.h',
  slotBytes: 64,
  carries: 'a call of a socket function',
  mayWait: true,
  requests: {
    usual: command('socket', [
      ['u.socket.domain', 16, 4, 'The family of addresses.', { names: { 2: 'IPv4' } }],
      ['u.socket.type', 20, 4, 'The type of socket.', { names: { 1: 'stream' } }],
      ['u.socket.protocol', 24, 4, 'The protocol.'],
    ]),
    choice: {
      offsetBytes: 4,
      widthBytes: 4,
      of: {
        1: kinds.connect,
        2: kinds.release,
        3: kinds.bind,
        4: kinds.listen,
        5: kinds.accept,
        6: kinds.poll,
      },
    },
  },
  responses: {
    usual: slotLayout('struct xen_pvcalls_response', 24, [
      ['req_id', 0, 4, 'The number of the request that it answers.'],
      ['cmd', 4, 4, 'What had been asked for.', { names: commands }],
      ['ret', 8, 4, 'How it went: 0 or a negative errno.', { as: 'signed', names: results }],
      ['u.socket.id', 16, 8, 'The socket of the request.'],
    ]),
  },
};
