/** The seven commands as forms: what a person fills in, with help and defaults. Data only; draft.ts reads what was filled in. */
import { pvcallsCommands } from '../../wire/pvcalls/commands';
import type { ComposerCommand, ComposerField, ComposerForm } from './plan';

const usual = (field: Omit<ComposerField, 'group'>): ComposerField => ({ ...field, group: 'usual' });
const raw = (field: Omit<ComposerField, 'group'>): ComposerField => ({ ...field, group: 'raw' });

const socketId = usual({
  name: 'id',
  label: 'Socket',
  kind: 'id',
  suggests: 'socket',
  help: 'The number that the frontend gave the socket; it means nothing to the backend.',
});

const order = usual({
  name: 'order',
  label: 'Order of the data rings',
  kind: 'number',
  placeholder: 'the largest, 4 at most',
  help: 'Log2 of the pages of both rings: order 4 is 16 pages, 32 KiB each way.',
});

const pages = usual({
  name: 'pages',
  label: 'Pages',
  kind: 'choice',
  suggests: 'kept',
  choices: [{ value: '', label: 'New pages' }],
  default: '',
  help: 'New pages, or those of a socket that was released to be used again, by their grant.',
});

const overrides: readonly ComposerField[] = [
  raw({
    name: 'ref',
    label: 'ref',
    kind: 'number',
    placeholder: 'the grant of the page of indices',
    help: 'Another grant than ours: the backend shall find that it cannot be mapped, or map something else.',
  }),
  raw({
    name: 'evtchn',
    label: 'evtchn',
    kind: 'number',
    placeholder: 'the event channel of the data rings',
    help: 'Another event channel than the one that was opened for these rings.',
  }),
  raw({
    name: 'ringOrder',
    label: 'ring_order in the page',
    kind: 'number',
    placeholder: 'the order above',
    help: 'What the page of indices says: 200 is an order that no backend may take.',
  }),
];

const address = (suggests: 'connectTo' | 'bindTo', help: string) =>
  usual({
    name: 'address',
    label: 'Address',
    kind: 'address',
    suggests,
    placeholder: '127.0.0.1:80',
    help,
  });

const addressOverrides: readonly ComposerField[] = [
  raw({
    name: 'family',
    label: 'Family',
    kind: 'number',
    placeholder: '2 (AF_INET)',
    help: 'The first two bytes of the address; version 1 knows IPv4 only.',
  }),
  raw({
    name: 'addressLength',
    label: 'len',
    kind: 'number',
    placeholder: '16',
    help: 'How many bytes of the address are said to count; there is room for 28.',
  }),
  raw({
    name: 'addressBytes',
    label: 'Bytes of the address',
    kind: 'bytes',
    placeholder: '02 00 00 50 7f 00 00 01',
    help: 'The address itself, up to 28 bytes, in place of all that is said above.',
  }),
];

const reqId = raw({
  name: 'reqId',
  label: 'req_id',
  kind: 'number',
  placeholder: 'the next number',
  help: 'By which the response is told from others. One that is under way already makes two that cannot be told apart.',
});

function form(command: ComposerCommand, help: string, fields: readonly ComposerField[]): ComposerForm {
  const title = command.toUpperCase();
  return { command, number: pvcallsCommands[command], title, help, fields: [...fields, reqId] };
}

/** By their numbers on the wire. */
export const composerForms: readonly ComposerForm[] = [
  form('socket', 'Makes a socket, which can then be connected, or bound and listen.', [
    { ...socketId, suggests: 'newId', help: 'A number that is not in use yet.' },
    raw({
      name: 'domain',
      label: 'domain',
      kind: 'number',
      placeholder: '2 (AF_INET)',
      help: 'The family. Version 1 knows IPv4 only; anything else is not supported.',
    }),
    raw({
      name: 'type',
      label: 'type',
      kind: 'number',
      placeholder: '1 (SOCK_STREAM)',
      help: 'Version 1 knows streams only; anything else is not supported.',
    }),
    raw({
      name: 'protocol',
      label: 'protocol',
      kind: 'number',
      placeholder: '0',
      help: '0, or 6 for TCP.',
    }),
  ]),
  form('connect', 'Connects a socket to an address, and lends its data rings to the backend.', [
    socketId,
    address('connectTo', 'Where to, as the backend’s domain reaches it.'),
    order,
    pages,
    usual({
      name: 'flags',
      label: 'Flags',
      kind: 'number',
      default: '0',
      help: 'Reserved: 0 until somebody gives them a meaning.',
    }),
    ...addressOverrides,
    ...overrides,
  ]),
  form('release', 'Ends a socket of any kind. What was written before is still sent.', [
    socketId,
    usual({
      name: 'reuse',
      label: 'Keep the pages for a later socket (reuse)',
      kind: 'flag',
      default: '0',
      help: 'The backend keeps what it has mapped, and a later CONNECT or ACCEPT names the same grant.',
    }),
  ]),
  form('bind', 'Gives a socket an address of the backend’s domain, at which it will listen.', [
    socketId,
    address('bindTo', 'An address of the backend’s domain. 0.0.0.0 is all of them.'),
    ...addressOverrides,
  ]),
  form('listen', 'From now on connections to a bound socket are taken.', [
    socketId,
    usual({
      name: 'backlog',
      label: 'Backlog',
      kind: 'number',
      default: '16',
      help: 'How many connections may wait to be accepted.',
    }),
  ]),
  form(
    'accept',
    'Takes the next connection of a socket that listens, as a new socket; answered when there is one.',
    [
      socketId,
      usual({
        name: 'newId',
        label: 'New socket',
        kind: 'id',
        suggests: 'newId',
        help: 'The number of the socket that the connection becomes; one that is not in use yet.',
      }),
      order,
      pages,
      ...overrides,
    ],
  ),
  form('poll', 'Answered when a connection waits at a socket that listens. Nothing else can be waited for.', [
    socketId,
  ]),
];

export function formOf(command: ComposerCommand): ComposerForm | undefined {
  return composerForms.find((each) => each.command === command);
}
