/** The message in hand as a stack: what was asked on top, and below it what carried it. */
import type { Observer } from '../host/observer';
import type { WorldMove } from '../host/worldControl';
import { advanceIndex } from '../wire/ringIndex';
import type { DebugConnection } from './connection';
import type { Field, Scope } from './field';
import { sentence } from './listingLine';
import { messageBytes, type Message } from './message';
import { headerFields, messageFields, payloadFields, spanOf, transactionFields } from './messageFields';
import { ringSpaceFields, ringWordFields } from './ringFields';
import { hex, viewRing } from './ringView';

export type LayerKind = 'move' | 'operation' | 'transaction' | 'packet' | 'ring' | 'doorbell' | 'transport';

export interface Layer {
  readonly kind: LayerKind;
  readonly name: string;
  /** Plumbing: shown, but not what one came for. */
  readonly isSubtle: boolean;
  readonly scopes: readonly Scope[];
}

export interface LayerOptions {
  readonly connection: DebugConnection;
  readonly observer: Observer | undefined;
  /** The last single thing that happened to the connection's domain, when the person steps by those. */
  readonly move: WorldMove | undefined;
}

/** Top first. Empty when nothing was said on the connection yet and nothing happened. */
export function layersOf({ connection, observer, move }: LayerOptions): Layer[] {
  const message = connection.inHand;
  const layers: Layer[] = [];
  if (move) layers.push(moveLayer(move, connection, observer));
  if (message) layers.push(...messageLayers(message, connection));
  layers.push(...transportLayers(connection, message, observer));
  return layers;
}

function moveLayer(move: WorldMove, { of }: DebugConnection, observer: Observer | undefined): Layer {
  const fields: Field[] = [
    { name: 'number', value: `${move.number}` },
    { name: 'kind', value: move.kind },
    { name: 'time', value: new Date(move.atMs).toISOString() },
    { name: 'text', value: move.text },
  ];
  const scopes = [scope('Step', 'locals', () => fields)];
  if (of.transport === 'ring') scopes.push(...ringScopes(of.domid, observer));
  return { kind: 'move', name: move.text, isSubtle: false, scopes };
}

function messageLayers(message: Message, connection: DebugConnection): Layer[] {
  const bytes = messageBytes(message);
  const layers: Layer[] = [
    {
      kind: 'operation',
      name: sentence(message, 'short'),
      isSubtle: false,
      scopes: [
        scope('Message', 'arguments', () => messageFields(message)),
        scope('Transaction', 'locals', () => transactionFields(message, connection)),
        scope('Caller', 'locals', () => callerFields(connection)),
      ],
    },
  ];
  if (message.txId !== 0) {
    layers.push({
      kind: 'transaction',
      name: `transaction ${message.txId}`,
      isSubtle: false,
      scopes: [scope('Transaction', 'locals', () => transactionFields(message, connection))],
    });
  }
  layers.push({
    kind: 'packet',
    name: `packet: type ${message.type}, req ${message.reqId}, ${bytes} bytes`,
    isSubtle: false,
    scopes: [
      scope('Header', 'locals', () => headerFields(message)),
      scope('Payload', 'arguments', () => payloadFields(message)),
    ],
  });
  return layers;
}

function transportLayers(
  connection: DebugConnection,
  message: Message | undefined,
  observer: Observer | undefined,
): Layer[] {
  const { transport, domid } = connection.of;
  const caller = scope('Caller', 'locals', () => callerFields(connection));
  if (transport !== 'ring') {
    const name = transport === 'socket' ? 'unix socket' : 'connection within the process';
    return [{ kind: 'transport', name, isSubtle: true, scopes: [caller] }];
  }
  return [
    { kind: 'ring', name: ringName(message), isSubtle: true, scopes: ringScopes(domid, observer) },
    {
      kind: 'doorbell',
      name: 'event channel of the ring',
      isSubtle: true,
      scopes: [scope('Doorbell', 'locals', () => doorbellFields(domid, observer))],
    },
  ];
}

/** Both indices began at 0 with the connection, so the bytes of the stream tell where a message lay. */
function ringName(message: Message | undefined): string {
  if (!message) return 'ring';
  const { from, to } = spanOf(message);
  const ring = message.kind === 'request' ? 'req' : 'rsp';
  return `ring bytes: ${ring} ${hex(advanceIndex(0, from))}…${hex(advanceIndex(0, to))}`;
}

function ringScopes(domid: number, observer: Observer | undefined): Scope[] {
  const fieldsOf = (read: (view: NonNullable<ReturnType<typeof viewRing>>) => Field[]) => () => {
    const view = viewRing(observer, domid);
    return view ? read(view) : [{ name: 'ring', value: 'its page cannot be seen' }];
  };
  return [
    scope('Ring header', 'registers', fieldsOf(ringWordFields)),
    scope('Space', 'locals', fieldsOf(ringSpaceFields)),
  ];
}

function doorbellFields(domid: number, observer: Observer | undefined): Field[] {
  const inside = viewRing(observer, domid)?.page.inside;
  if (!inside) return [{ name: 'pending', value: 'cannot be known from here' }];
  return [
    { name: 'pendingToServer', value: String(inside.pendingToServer) },
    { name: 'pendingToGuest', value: String(inside.pendingToGuest) },
  ];
}

function callerFields(connection: DebugConnection): Field[] {
  const { domid, transport, privileged } = connection.of;
  return [
    { name: 'domain', value: String(domid), evaluateName: `/local/domain/${domid}` },
    { name: 'transport', value: transport },
    { name: 'privileged', value: String(privileged) },
    { name: 'outstanding', value: `${connection.outstanding} requests wait for an answer` },
    { name: 'state', value: connection.isOpen ? 'open' : 'ended' },
  ];
}

function scope(name: string, hint: Scope['hint'], fields: Scope['fields']): Scope {
  return { name, hint, expensive: false, fields };
}
