/** From what a person wrote to a request: a call with its slot, or one sentence for each field that is wrong. Pure. */
import { PVCALLS_ADDRESS_BYTES, SOCKADDR_IN_BYTES, formatPvCallsAddress } from '../../wire/pvcalls/address';
import { PVCALLS_AF_INET, PVCALLS_SOCK_STREAM, pvcallsCommands } from '../../wire/pvcalls/commands';
import { PVCALLS_SLOT_BYTES, parsePvCallsRequest, writePvCallsRequest } from '../../wire/pvcalls/slots';
import type { PvCallsCall, PvCallsRequest, RingPlace } from '../../wire/pvcalls/slots';
import { FieldReader, type FieldProblem, hexHelp, parseHex } from './fieldReader';
import { formOf } from './forms';
import type { ComposerCommand, ComposerDraft } from './plan';

/** What a draft is read against: what the session knows when it is sent. */
export interface DraftContext {
  readonly newId: bigint;
  readonly reqId: number;
  readonly minOrder: number;
  readonly maxOrder: number;
  /** Grants of data rings that may be used again, with their orders. */
  readonly kept: readonly { readonly ref: number; readonly order: number }[];
}

/** The data rings that a CONNECT or ACCEPT needs. */
export interface WantedRings {
  readonly order: number;
  /** Those with this grant; new ones when absent. */
  readonly kept: number | undefined;
  /** In place of what is true. */
  readonly ref: number | undefined;
  readonly evtchn: number | undefined;
  readonly ringOrder: number | undefined;
}

export interface Prepared {
  readonly reqId: number;
  /** What it says, but for where the rings are. */
  readonly request: PvCallsRequest;
  readonly rings: WantedRings | undefined;
  /** With these rings, where it wants some. */
  readonly slotFor: (place: RingPlace | undefined) => Buffer;
}

export type ReadDraft =
  | { readonly problems: readonly FieldProblem[]; readonly prepared?: undefined }
  | { readonly problems: readonly []; readonly prepared: Prepared };

/** Never throws, whatever the draft holds. */
export function readDraft(draft: ComposerDraft, context: DraftContext): ReadDraft {
  if (draft.kind === 'raw') return readRaw(draft.slot);
  if (!Object.hasOwn(pvcallsCommands, draft.command) || !formOf(draft.command)) {
    return problem('command', 'There is no such command: choose one of the seven.');
  }
  const fields = new FieldReader(draft.command, draft.fields);
  const reqId = fields.number('reqId', context.reqId);
  const rings = wantedRings(draft.command, fields, context);
  const call = callOf(draft.command, fields, context);
  if (fields.problems.length > 0) return { problems: fields.problems };
  const slotFor = (place: RingPlace | undefined) => writePvCallsRequest(reqId, placed(call, place, rings));
  const prepared = { reqId, request: { reqId, ...placed(call, undefined, rings) }, rings, slotFor };
  return { problems: [], prepared };
}

function readRaw(text: string): ReadDraft {
  const bytes = parseHex(text);
  if (!bytes) return problem('slot', `The slot ${hexHelp}`);
  if (bytes.length > PVCALLS_SLOT_BYTES) {
    return problem('slot', `A slot has ${PVCALLS_SLOT_BYTES} bytes, and these are ${bytes.length}.`);
  }
  const slot = Buffer.alloc(PVCALLS_SLOT_BYTES);
  slot.set(bytes);
  const request = parsePvCallsRequest(slot);
  return {
    problems: [],
    prepared: { reqId: request.reqId, request, rings: undefined, slotFor: () => slot },
  };
}

function callOf(command: ComposerCommand, fields: FieldReader, context: DraftContext): PvCallsCall {
  const nowhere = { ref: 0, evtchn: 0 };
  switch (command) {
    case 'socket':
      return {
        cmd: command,
        id: fields.id('id', context.newId),
        domain: fields.number('domain', PVCALLS_AF_INET),
        type: fields.number('type', PVCALLS_SOCK_STREAM),
        protocol: fields.number('protocol', 0),
      };
    case 'connect':
      return {
        cmd: command,
        id: fields.id('id'),
        ...addressOf(fields),
        flags: fields.number('flags', 0),
        ...nowhere,
      };
    case 'release':
      return { cmd: command, id: fields.id('id'), reuse: fields.flag('reuse') };
    case 'bind':
      return { cmd: command, id: fields.id('id'), ...addressOf(fields) };
    case 'listen':
      return { cmd: command, id: fields.id('id'), backlog: fields.number('backlog', 0) };
    case 'accept':
      return {
        cmd: command,
        id: fields.id('id'),
        newId: fields.id('newId', context.newId),
        ...nowhere,
      };
    case 'poll':
      return { cmd: command, id: fields.id('id') };
  }
}

function addressOf(fields: FieldReader): { address: Buffer; addressLengthBytes: number } {
  const bytes = fields.bytes('addressBytes', PVCALLS_ADDRESS_BYTES);
  const address = Buffer.alloc(PVCALLS_ADDRESS_BYTES);
  if (bytes) address.set(bytes);
  else address.set(formatPvCallsAddress(fields.address('address')));
  const family = fields.override('family', 0xffff);
  if (family !== undefined) address.writeUInt16LE(family, 0);
  return { address, addressLengthBytes: fields.number('addressLength', SOCKADDR_IN_BYTES) };
}

function wantedRings(
  command: ComposerCommand,
  fields: FieldReader,
  { minOrder, maxOrder, kept }: DraftContext,
): WantedRings | undefined {
  if (command !== 'connect' && command !== 'accept') return undefined;
  const ref = fields.text('pages') === '' ? undefined : fields.number('pages', 0);
  const known = kept.find((rings) => rings.ref === ref);
  if (ref !== undefined && !known) {
    fields.wrong('pages', 'There are no kept pages with this grant: take new ones.');
  }
  const order = fields.number('order', known?.order ?? Math.min(usualOrder, maxOrder));
  if (order < minOrder || order > maxOrder) {
    fields.wrong(
      'order',
      `The order must be from ${minOrder} to ${maxOrder}, which is what the backend offers; any other can be written into the page as a raw field.`,
    );
  } else if (known && order !== known.order) {
    fields.wrong('order', `The pages that were kept are of order ${known.order}.`);
  }
  return {
    order,
    kept: ref,
    ref: fields.override('ref'),
    evtchn: fields.override('evtchn'),
    ringOrder: fields.override('ringOrder'),
  };
}

/** As Linux has it: 32 KiB each way. */
const usualOrder = 4;

function placed(
  call: PvCallsCall,
  place: RingPlace | undefined,
  rings: WantedRings | undefined,
): PvCallsCall {
  if (call.cmd !== 'connect' && call.cmd !== 'accept') return call;
  return {
    ...call,
    ref: rings?.ref ?? place?.ref ?? 0,
    evtchn: rings?.evtchn ?? place?.evtchn ?? 0,
  };
}

function problem(field: string, text: string): ReadDraft {
  return { problems: [{ field, text }] };
}
