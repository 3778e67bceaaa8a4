/** One command as it was seen: the slot of the request, that of the response, or both. */
import type { SlotCopy } from '../../capture/commandTap';
import { addressText, parsePvCallsAddress } from '../../wire/pvcalls/address';
import { pvcallsCommandNames } from '../../wire/pvcalls/commands';
import type { PvCallsCommand } from '../../wire/pvcalls/commands';
import { pvcallsErrorName, pvcallsErrors } from '../../wire/pvcalls/errno';
import { idText } from '../../wire/pvcalls/numbersInWords';
import { requestText } from '../../wire/pvcalls/requestWords';
import type { PvCallsRequest, PvCallsResponse } from '../../wire/pvcalls/slots';
import { decodeSlot } from '../../wire/slotRings/decodeSlot';
import { PVCALLS_RING } from '../../wire/slotRings/pvcallsCommands';
import type { SlotLayouts } from '../../wire/slotRings/slotRing';
import type { SeenTime } from '../heldTime';
import type {
  PvCallsCallRow,
  PvCallsErrno,
  PvCallsField,
  PvCallsKnowledge,
  PvCallsSlot,
  PvCallsSocketState,
} from './pvcallsTypes';
import type { SocketSeen } from './socketSeen';

export interface AnswerSeen {
  /** Undefined where it lay there before anybody looked. */
  readonly time: SeenTime | undefined;
  readonly response: PvCallsResponse;
  readonly slot: SlotCopy;
}

export class CallSeen {
  /** As far as it was seen. */
  request: PvCallsRequest | undefined;
  slot: SlotCopy | undefined;
  answer: AnswerSeen | undefined;
  /** It is in flight no more, and its response was not seen. */
  isLost = false;
  isUnasked = false;
  /** Which of the finished ones it is, counted from 1; undefined while it is in flight. */
  finished: number | undefined;
  /** At which it was asked, where it is at one that is known; and what that one was before. */
  socket: SocketSeen | undefined;
  socketWas: PvCallsSocketState | undefined;
  /** Of that socket nothing had been seen before. */
  isFirstOfSocket = false;

  /** `sentAt`: when the request was seen; undefined where it was not, or lay there before anybody looked. */
  constructor(
    readonly n: number,
    readonly reqId: number,
    /** On the wire. */
    readonly number: number,
    readonly known: PvCallsKnowledge,
    readonly sentAt: SeenTime | undefined,
    /** When anything of it was seen first. */
    readonly seenAt: SeenTime,
  ) {}

  /** Undefined where there is no such command. */
  get cmd(): PvCallsCommand | undefined {
    return pvcallsCommandNames[this.number];
  }

  get title(): string {
    return titleOf(this.number);
  }

  get id(): bigint | undefined {
    const { request, answer } = this;
    if (request) return request.cmd === 'unknown' ? undefined : request.id;
    return this.cmd && answer?.response.id;
  }

  /** Made when somebody wants to see it. */
  get row(): PvCallsCallRow {
    const { n, reqId, title, id, known, sentAt, request, slot, answer, isLost, isUnasked } = this;
    const latencyMs = sentAt && answer?.time && answer.time.nowMs - sentAt.nowMs;
    const error = answer && errnoOf(answer.response.ret);
    return {
      n,
      reqId,
      cmd: title,
      ...(id !== undefined && { id: String(id) }),
      text: request ? requestText(request) : answerText(title, id),
      known,
      ...(sentAt && { sentMs: sentAt.nowMs }),
      ...(slot && { request: slotOf(slot, PVCALLS_RING.requests) }),
      ...(answer && {
        answered: {
          ...(answer.time && { timeMs: answer.time.nowMs }),
          ...(latencyMs !== undefined && { latencyMs }),
          ret: answer.response.ret,
          ...(error && { error }),
          response: slotOf(answer.slot, PVCALLS_RING.responses),
          ...(isUnasked && { isUnasked }),
        },
      }),
      ...(isLost && { lost: true as const }),
    };
  }
}

/** `CONNECT`; the number where there is no such command. */
export function titleOf(number: number): string {
  return pvcallsCommandNames[number]?.toUpperCase() ?? String(number);
}

/** Undefined for 0: it went well. A number above is none that a backend may answer, and no end takes it for success. */
export function errnoOf(ret: number): PvCallsErrno | undefined {
  if (ret === 0) return undefined;
  const name = pvcallsErrorName(ret);
  return name === undefined ? { ret } : { ret, name, meaning: pvcallsErrors[name].text };
}

/** Numbers of frontends of Linux are addresses of its kernel. */
export function socketText(id: bigint): string {
  return `socket ${idText(id)}`;
}

/** As `10.0.0.1:80`; undefined for what is no address. */
export function addressOf(call: {
  readonly address: Uint8Array;
  readonly addressLengthBytes: number;
}): string | undefined {
  const parsed = parsePvCallsAddress(call.address, call.addressLengthBytes);
  return parsed.kind === 'ipv4' ? addressText(parsed.address) : undefined;
}

function answerText(title: string, id: bigint | undefined): string {
  return `${title}${id === undefined ? '' : ` of ${socketText(id)}`}, seen by its response alone`;
}

function slotOf({ index, bytes }: SlotCopy, layouts: SlotLayouts): PvCallsSlot {
  const { layout, values } = decodeSlot(layouts, bytes);
  const meanings = new Map(layout.fields.map(({ name, meaning }) => [name, meaning]));
  const fields = values.map((value): PvCallsField => ({ ...value, meaning: meanings.get(value.name) ?? '' }));
  return { index, fields, raw: bytes.toString('hex') };
}
