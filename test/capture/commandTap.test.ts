/** The tap on a command ring of PV Calls: each slot once, and how many were not seen. */
import assert from 'node:assert/strict';
import { CommandTap, type CommandLook } from '../../server/capture/commandTap';
import { formatPvCallsAddress } from '../../server/wire/pvcalls/address';
import { parsePvCallsRequest, parsePvCallsResponse, type PvCallsCall } from '../../server/wire/pvcalls/slots';
import { CommandRing } from '../support/commandRing';

const socket = (id: bigint): PvCallsCall => ({ cmd: 'socket', id, domain: 2, type: 1, protocol: 0 });
const connect = (id: bigint): PvCallsCall => ({
  cmd: 'connect',
  id,
  address: formatPvCallsAddress({ host: '10.0.0.1', port: 80 }),
  addressLengthBytes: 16,
  flags: 0,
  ref: 77,
  evtchn: 12,
});
const accept = (id: bigint, newId: bigint): PvCallsCall => ({
  cmd: 'accept',
  id,
  newId,
  ref: 91,
  evtchn: 13,
});

const requestsOf = (look: CommandLook) => look.requests.map(({ bytes }) => parsePvCallsRequest(bytes).reqId);
const responsesOf = (look: CommandLook) =>
  look.responses.map(({ bytes }) => parsePvCallsResponse(bytes).reqId);

describe('tap on a command ring', () => {
  let nowMs: number;
  let ring: CommandRing;
  let tap: CommandTap;
  const look = () => tap.look((nowMs += 10));
  const begin = (startIndex = 0) => {
    nowMs = 1_000;
    ring = new CommandRing(startIndex);
    tap = new CommandTap(ring.observed);
  };
  beforeEach(() => begin());

  it('tells each request and each response once', () => {
    assert.deepEqual([look().result, look().result], ['moved', 'same']);
    ring.request(1, socket(5n));
    assert.deepEqual(requestsOf(look()), [1]);
    ring.respond(1, 'socket', 0, 5n);
    ring.request(2, connect(5n));
    const second = look();
    assert.deepEqual([requestsOf(second), responsesOf(second)], [[2], [1]]);
    assert.equal(second.responses[0]!.left, undefined);
    assert.equal(look().result, 'same');
    assert.deepEqual([tap.requests, tap.responses, tap.inFlight], [2, 1, 1]);
  });

  it('tells of a request that was answered between two looks the response, and what it left', () => {
    look();
    ring.request(1, connect(5n));
    ring.respond(1, 'connect', 0, 5n);
    const { requests, responses, unseenRequests, unseenResponses } = look();
    assert.deepEqual([requests.length, unseenRequests, unseenResponses], [0, 1, 0]);
    assert.equal(responses[0]!.left!.readUInt32LE(52), 77, 'the grant stands behind the response');
  });

  it('counts what passed while nobody looked, and what of it can still be read', () => {
    look();
    for (let call = 0; call < 50; call++) {
      ring.request(call, socket(BigInt(call)));
      ring.respond(call, 'socket', 0, BigInt(call));
    }
    const passed = look();
    assert.deepEqual([passed.unseenRequests, passed.unseenResponses], [50, 18]);
    assert.deepEqual(
      responsesOf(passed),
      Array.from({ length: 32 }, (_, at) => 18 + at),
    );
  });

  it('finds at the first look what lies in old slots, and what is in flight', () => {
    for (let call = 0; call < 40; call++) {
      ring.request(call, socket(BigInt(call)));
      ring.respond(call, 'socket', 0, BigInt(call));
    }
    ring.request(40, accept(7n, 8n));
    const first = look();
    assert.equal(first.isAnew, true);
    assert.deepEqual(requestsOf(first), [40]);
    assert.deepEqual(
      responsesOf(first),
      Array.from({ length: 31 }, (_, at) => 9 + at),
    );
  });

  it('goes through the end of the numbers', () => {
    begin(2 ** 32 - 2);
    look();
    for (let call = 0; call < 4; call++) ring.request(call, socket(1n));
    const across = look();
    assert.deepEqual(requestsOf(across), [0, 1, 2, 3]);
    assert.deepEqual(
      across.requests.map(({ index }) => index),
      [2 ** 32 - 2, 2 ** 32 - 1, 0, 1],
    );
  });

  it('reads nothing by indices that cannot be, and goes on when they can', () => {
    look();
    ring.page.setWord('req_prod', 40);
    assert.deepEqual(look().result, 'insane');
    ring.page.setWord('req_prod', 0);
    assert.equal(look().requests.length, 0);
    ring.request(3, socket(1n));
    assert.deepEqual(requestsOf(look()), [3]);
  });

  it('begins anew when the indices are set anew', () => {
    look();
    for (let call = 0; call < 3; call++) {
      ring.request(call, socket(1n));
      ring.respond(call, 'socket', 0, 1n);
    }
    look();
    ring.page.setWord('req_prod', 0);
    ring.page.setWord('rsp_prod', 0);
    const anew = look();
    assert.deepEqual([anew.isAnew, anew.responses.length, tap.resets], [true, 0, 1]);
  });

  it('says when what it took for a request was the response already', () => {
    look();
    ring.request(1, socket(5n));
    // The backend has written its response and not published it.
    const whole = Buffer.from(ring.slot(0));
    ring.respond(1, 'socket', 0, 5n);
    ring.page.setWord('rsp_prod', 0);
    look();
    ring.page.setWord('rsp_prod', 1);
    assert.equal(look().responses[0]!.wasMisread, true);
    begin();
    look();
    ring.requestBytes(whole);
    look();
    ring.respond(1, 'socket', 0, 5n);
    assert.equal(look().responses[0]!.wasMisread, false);
  });

  it('tells that the page is gone, and why it cannot be read', () => {
    look();
    ring.page.isGone = true;
    assert.deepEqual([look().result, tap.unreadable], ['gone', undefined]);
    const refused = new CommandTap({
      ...ring.observed,
      copy: () => {
        throw new Error('refused');
      },
    });
    assert.deepEqual([refused.look(1).result, refused.unreadable], ['gone', 'refused']);
  });

  it('reads no slot while the indices would not hold still', () => {
    look();
    let reads = 0;
    const { observed } = ring;
    const moving = new CommandTap({
      ...observed,
      copy: (into, offset) => {
        ring.page.setWord('req_prod', ++reads % 8);
        return observed.copy(into, offset);
      },
    });
    const torn = moving.look(1);
    assert.deepEqual([torn.result, torn.requests.length, moving.tornLooks], ['torn', 0, 1]);
  });

  it('never throws and never tells more than the ring holds, whatever lies in the page', () => {
    let chance = 12345;
    const next = () => (chance = (Math.imul(chance, 1103515245) + 12345) >>> 0);
    for (let round = 0; round < 3000; round++) {
      for (let at = 0; at < ring.page.bytes.length; at += 64) ring.page.bytes.writeUInt32LE(next(), at);
      const insane = (next() >>> 8) % 4 === 0;
      const base = insane ? next() : ring.page.word('rsp_prod');
      ring.page.setWord('rsp_prod', base + ((next() >>> 8) % 8));
      ring.page.setWord('req_prod', ring.page.word('rsp_prod') + ((next() >>> 8) % (insane ? 2 ** 24 : 33)));
      const { requests, responses, unseenRequests, unseenResponses } = look();
      assert.ok(requests.length + responses.length <= 64 && unseenRequests >= 0 && unseenResponses >= 0);
      assert.ok([...requests, ...responses].every(({ bytes }) => bytes.length === 64));
    }
  });
});
