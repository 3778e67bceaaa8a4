/**
 * The framing of the server, however a stream is cut. Expected is what the parser reads of the whole
 * stream, each message dispatched by itself on a store of its own.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ByteStream, CloseCause } from '../../../server/store/byteStream';
import { Connection } from '../../../server/store/connection/connection';
import { ConnectionSet } from '../../../server/store/connection/connectionSet';
import { Failure } from '../../../server/store/failure';
import { dispatch } from '../../../server/store/operations/table';
import { Session, type SessionOptions } from '../../../server/store/session';
import type { StoreCore } from '../../../server/store/storeCore';
import type { StoreNode } from '../../../server/store/tree/storeTree';
import { initialEventPath } from '../../../server/store/watches/watchTable';
import {
  XS_HEADER_BYTES,
  XS_PAYLOAD_MAX_BYTES,
  XsType,
  encodeXs,
  parseXs,
  writeXsHeader,
  xsParserStart,
  type XsMessage,
} from '../../../server/wire/xsMessage';
import { cut } from '../../support/cut';
import { newCore } from '../askStore';

type Who = Pick<SessionOptions, 'domain' | 'domid' | 'privileged'>;

/** What came of a stream, but for how often events were told: identical ones that wait together are one. */
interface Outcome {
  readonly replies: readonly string[];
  readonly events: ReadonlySet<string>;
  readonly isBroken: boolean;
  readonly store: string;
}

function client(core: StoreCore, isGuest: boolean): Who {
  if (!isGuest) return { domain: undefined, domid: 0, privileged: true };
  const domain = core.domains.add(1);
  core.introduceQuietly(domain);
  return { domain, domid: 1, privileged: false };
}

/** Where a guest may work as well. */
function sharedCore(): StoreCore {
  const core = newCore();
  const root = core.paths.parse('/')!;
  core.store.replace(root, '', core.store.root.perms.ownedBy(1));
  core.domains.add(1);
  return core;
}

function storeText(node: StoreNode, path = ''): string {
  const line = `${path} ${JSON.stringify(node.value)} ${node.perms.text} ${node.generation}\n`;
  const names = node.children.names();
  return line + names.map((name) => storeText(node.children.get(name)!, `${path}/${name}`)).join('');
}

/** One of ours by itself, without a connection. */
function expected(bytes: Buffer, isGuest: boolean): Outcome {
  const core = sharedCore();
  const events = new Set<string>();
  const session = new Session(core, {
    ...client(core, isGuest),
    sendEvent: (path, token) => events.add(`${path} ${token}`),
    disconnect: () => undefined,
  });
  const { messages, state } = parseXs(xsParserStart, bytes);
  const replies = messages.map(({ type, reqId, txId, payload }) => {
    const outcome = dispatch(session, type, txId, payload, 0, payload.length);
    const { newWatch } = session;
    session.newWatch = undefined;
    if (newWatch) events.add(`${initialEventPath(newWatch)} ${newWatch.token}`);
    return outcome instanceof Failure
      ? replyText({ type: XsType.ERROR, reqId, txId }, outcome.payload)
      : replyText({ type, reqId, txId }, outcome);
  });
  const isBroken = state.kind === 'broken';
  if (isBroken) session.reset();
  return { replies, events, isBroken, store: storeText(core.store.root) };
}

function replyText({ type, reqId, txId }: Omit<XsMessage, 'payload'>, payload: string): string {
  return `${type} ${reqId} ${txId} ${payload}`;
}

/** The other end of a connection's stream. With `isSlow` it takes each write only when the connection has to wait. */
class Taker implements ByteStream {
  readonly queuedBytes = 0;
  readonly taken: Buffer[] = [];
  readonly writeNow: ByteStream['writeNow'];
  isPaused = false;
  closedFor: CloseCause | 'nothing' | undefined;
  wantsDrain = false;

  constructor(
    private readonly isSlow: boolean,
    takesNow: number | undefined,
  ) {
    if (takesNow === undefined) return;
    this.writeNow = (bytes, length) => {
      const count = Math.min(length, takesNow);
      this.taken.push(Buffer.from(bytes.subarray(0, count)));
      return count;
    };
  }

  write(bytes: Buffer): boolean {
    this.taken.push(bytes);
    this.wantsDrain ||= this.isSlow;
    return !this.isSlow;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(cause?: CloseCause): void {
    this.closedFor = cause ?? 'nothing';
  }
}

interface Way {
  readonly pieces: readonly Buffer[];
  readonly isSlow: boolean;
  /** For a stream that can take bytes at once: how many. */
  readonly takesNow?: number;
}

function through({ pieces, isSlow, takesNow }: Way, isGuest: boolean): Outcome {
  const core = sharedCore();
  const connection = new Connection(core, new ConnectionSet(), client(core, isGuest));
  const stream = new Taker(isSlow, takesNow);
  connection.open(stream);
  const drain = () => {
    while (stream.wantsDrain) {
      stream.wantsDrain = false;
      connection.onDrain();
    }
  };
  for (const piece of pieces) {
    if (stream.closedFor) break;
    if (stream.isPaused) drain();
    assert.ok(!stream.isPaused, 'it waits only for a stream that is full');
    connection.onData(piece);
    // The bytes are lent for the call.
    piece.fill(0xee);
  }
  drain();
  assert.ok(stream.closedFor === undefined || stream.closedFor === 'protocol', stream.closedFor);
  const { messages, state } = parseXs(xsParserStart, Buffer.concat(stream.taken), 0xffffffff);
  assert.deepEqual(state, xsParserStart, 'it says whole messages');
  const isEvent = ({ type }: XsMessage) => type === XsType.WATCH_EVENT;
  return {
    replies: messages
      .filter((message) => !isEvent(message))
      .map(({ payload, ...header }) => replyText(header, payload.toString('latin1'))),
    events: new Set(
      messages
        .filter(isEvent)
        .map(({ payload }) => payload.toString('latin1').slice(0, -1).replace('\0', ' ')),
    ),
    isBroken: stream.closedFor === 'protocol',
    store: storeText(core.store.root),
  };
}

function sameHoweverCut(bytes: Buffer, sizes: readonly number[], isGuest: boolean): void {
  const outcome = expected(bytes, isGuest);
  const cuts = [() => [Buffer.from(bytes)], () => cut(bytes, [1]), () => cut(bytes, sizes)];
  for (const pieces of cuts) {
    for (const way of [{ isSlow: false }, { isSlow: true }, { isSlow: true, takesNow: 7 }]) {
      const actual = through({ pieces: pieces(), ...way }, isGuest);
      // Who breaks the protocol loses what the stream has not taken by then.
      const isCutShort = outcome.isBroken && way.isSlow;
      if (isCutShort) assert.ok([...actual.events].every((event) => outcome.events.has(event)));
      assert.deepEqual(actual, isCutShort ? startOf(outcome, actual) : outcome);
    }
  }
}

/** `outcome` with no more of what was said than there is in `actual`. */
function startOf(outcome: Outcome, { replies, events }: Outcome): Outcome {
  return { ...outcome, replies: outcome.replies.slice(0, replies.length), events };
}

const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 2 })
  .map((names) => `/${names.join('/')}`);
const id = fc.constantFrom(0, 0, 0, 0, 1, 2, 0xffffffff);
const octets = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const payloads: Partial<Record<keyof typeof XsType, fc.Arbitrary<string>>> = {
  READ: path.map((at) => `${at}\0`),
  DIRECTORY: path.map((at) => `${at}\0`),
  DIRECTORY_PART: path.map((at) => `${at}\0${0}\0`),
  GET_PERMS: path.map((at) => `${at}\0`),
  WRITE: fc
    .tuple(path, fc.oneof(octets(20), fc.constant('v'.repeat(4000))))
    .map(([at, value]) => `${at}\0${value}`),
  MKDIR: path.map((at) => `${at}\0`),
  RM: path.map((at) => `${at}\0`),
  SET_PERMS: path.map((at) => `${at}\0b1\0r0\0`),
  WATCH: fc.tuple(path, fc.constantFrom('t', 'token')).map((words) => `${words.join('\0')}\0`),
  UNWATCH: fc.tuple(path, fc.constantFrom('t', 'token')).map((words) => `${words.join('\0')}\0`),
  TRANSACTION_START: fc.constant('\0'),
  TRANSACTION_END: fc.constantFrom('T\0', 'F\0', '?'),
  RESET_WATCHES: fc.constant(''),
  GET_DOMAIN_PATH: fc.constantFrom('7\0', 'x\0'),
};
const sensible = fc.oneof(
  ...Object.entries(payloads).map(([type, payload]) =>
    fc.tuple(fc.constant(XsType[type as keyof typeof XsType] as number), id, payload),
  ),
);
const senseless = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(0xffffffff)),
  id,
  octets(60),
);
const request = fc
  .tuple(fc.oneof({ weight: 9, arbitrary: sensible }, { weight: 1, arbitrary: senseless }), fc.nat())
  .map(([[type, txId, payload], reqId]) =>
    encodeXs({ type, reqId, txId, payload: Buffer.from(payload, 'latin1') }),
  );
const requests = fc.array(request, { maxLength: 12 }).map((each) => Buffer.concat(each));
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 })), {
  minLength: 1,
  maxLength: 6,
});

describe('framing of a connection', () => {
  it('answers the same, and leaves the same store, however a stream of requests is cut', () => {
    fc.assert(
      fc.property(requests, octets(30), sizes, fc.boolean(), (asked, tail, pieceSizes, isGuest) => {
        // Whatever comes last may be a part of a message, or the start of something that is none.
        sameHoweverCut(Buffer.concat([asked, Buffer.from(tail, 'latin1')]), pieceSizes, isGuest);
      }),
    );
  });

  it('ends at a header that announces too much, and does nothing of what stands behind it', () => {
    const tooLong = fc.oneof(
      fc.constantFrom(XS_PAYLOAD_MAX_BYTES + 1, 0x7fffffff, 0x80000000, 0xffffffff),
      fc.integer({ min: XS_PAYLOAD_MAX_BYTES + 1, max: 0xffffffff }),
    );
    const behind = encodeXs({ type: XsType.WRITE, reqId: 1, txId: 0, payload: Buffer.from('/behind\0v') });
    fc.assert(
      fc.property(
        fc.tuple(requests, requests),
        fc.tuple(fc.nat(), fc.nat(), fc.nat(), tooLong),
        sizes,
        fc.boolean(),
        ([before, after], [type, reqId, txId, payloadBytes], pieceSizes, isGuest) => {
          const header = Buffer.alloc(XS_HEADER_BYTES);
          writeXsHeader(header, 0, type, reqId, txId, payloadBytes);
          const bytes = Buffer.concat([before, header, behind, after, behind]);
          const outcome = expected(bytes, isGuest);
          assert.ok(outcome.isBroken && !outcome.store.includes('/behind'));
          assert.deepEqual(outcome.replies, expected(before, isGuest).replies);
          sameHoweverCut(bytes, pieceSizes, isGuest);
        },
      ),
    );
  });

  it('takes any octets at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), sizes, fc.boolean(), (bytes, pieceSizes, isGuest) =>
        sameHoweverCut(Buffer.from(bytes), pieceSizes, isGuest),
      ),
    );
  });

  it('takes a payload of just the longest length in pieces of any size', () => {
    const value = 'x'.repeat(XS_PAYLOAD_MAX_BYTES - '/a\0'.length);
    const write = encodeXs({ type: XsType.WRITE, reqId: 1, txId: 0, payload: Buffer.from(`/a\0${value}`) });
    const read = encodeXs({ type: XsType.READ, reqId: 2, txId: 0, payload: Buffer.from('/a\0') });
    for (const size of [1, 15, 16, 17, 1024, write.length - 1, write.length, write.length + 1])
      sameHoweverCut(Buffer.concat([write, read]), [size], false);
  });
});
