/** Backends that break the rules towards a person's device of PV Calls, and real traffic over one that keeps them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { OwnSession } from '../../server/act/pvcalls/ownSession';
import { nodeNetwork } from '../../server/cli/nodeNetwork';
import { AllowList, guardedNetwork } from '../../server/pvcalls/allowList';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { FLEX_RING_INDEXES } from '../../server/wire/flexRing';
import { GENERIC_RING, genericRingSlotOffset } from '../../server/wire/genericRing';
import { writePvCallsResponse } from '../../server/wire/pvcalls/slots';
import type { PvCallsResponse } from '../../server/wire/pvcalls/slots';
import { isCode } from '../vchan/rig';
import { ComposerRig, closeRigs } from './composerKit';

const server = { host: '10.0.0.80', port: 80 };

describe('a device of PV Calls by hand', function () {
  this.timeout(60_000);
  afterEach(closeRigs);

  describe('whose backend breaks the rules', () => {
    let rig: ComposerRig;
    let session: OwnSession;

    beforeEach(async () => {
      const network = new SimNetwork();
      const binding = await network.bind(server);
      binding.listen(({ stream }) => void stream.on('error', () => undefined));
      rig = await ComposerRig.open({ network });
      session = await rig.connected();
    });

    const numberAt = async (name: string) =>
      Number(await rig.store.read(`${session.state.device.frontend}/${name}`));

    /** Puts a response into the command ring that the backend has not given; it is found with the next look. */
    async function forge(response: PvCallsResponse): Promise<void> {
      const { memory } = rig.world.machine.reach(
        rig.domid,
        await numberAt('ring-ref'),
        await numberAt('port'),
      );
      const { offsetBytes } = GENERIC_RING.fields.rsp_prod;
      const prod = memory.load32(offsetBytes);
      memory.copyIn(genericRingSlotOffset(prod, 64, 32), writePvCallsResponse(response));
      memory.store32(offsetBytes, prod + 1);
    }

    /** A call that is not answered by itself. */
    async function parked(): Promise<{ readonly number: number; readonly reqId: number }> {
      await rig.call(session, 'socket', { id: '1' });
      await rig.call(session, 'bind', { id: '1', address: '10.0.0.80:81' });
      await rig.call(session, 'listen', { id: '1' });
      const number = session.call({ kind: 'fields', command: 'poll', fields: { id: '1' } });
      await rig.until(() => rig.entry(session, number)?.phase === 'sent');
      await rig.world.settled();
      return { number, reqId: rig.entry(session, number)!.request!.reqId };
    }

    it('shows a response that nobody asked for as what it is', async () => {
      await parked();
      await forge({ reqId: 999, cmd: 3, ret: 0, id: 5n });
      session.call({ kind: 'fields', command: 'socket', fields: {} });
      await rig.until(() => rig.entries(session).some(({ phase }) => phase === 'unasked'));
      const unasked = rig.entries(session).find(({ phase }) => phase === 'unasked')!;
      assert.equal(unasked.text, 'A response to request 999, which was not asked: BIND of socket 5, ret 0.');
      assert.equal(unasked.request, undefined);
      assert.match(unasked.response!.slot, /^e7030000030000000000000000000000/);
      assert.equal(session.state.findings.find(({ kind }) => kind === 'unaskedResponse')?.count, 1);
    });

    it('says what is wrong with a response to something else', async () => {
      const { number, reqId } = await parked();
      await forge({ reqId, cmd: 4, ret: 17, id: 8n });
      session.call({ kind: 'fields', command: 'socket', fields: {} });
      const { text, severity, response } = await rig.answered(session, number);
      assert.equal(severity, 'error');
      assert.equal(
        text,
        'Poll socket 1: a number above zero, which means nothing here (17). The response says LISTEN, which was not asked.',
      );
      assert.equal(response!.ret, 17);
    });

    it('ends at more responses than requests, and is closed in order all the same', async () => {
      const { number } = await parked();
      await forge({ reqId: 1, cmd: 0, ret: 0, id: 1n });
      await forge({ reqId: 2, cmd: 0, ret: 0, id: 1n });
      await forge({ reqId: 3, cmd: 0, ret: 0, id: 1n });
      const last = session.call({ kind: 'fields', command: 'socket', fields: {} });
      await rig.until(() => session.state.severity === 'error');
      assert.match(session.state.text, /The ring pvcalls is broken: \d responses where \d were asked for/);
      for (const each of [number, last]) assert.equal(rig.entry(session, each)!.phase, 'gone');
      assert.throws(() => session.call({ kind: 'raw', slot: '' }), isCode('gone', /is broken/));
      await rig.close(session);
    });

    it('tells of indices of a data ring that cannot be, and the others go on', async () => {
      const connect = { address: '10.0.0.80:80', order: '1' };
      for (const id of ['1', '2']) await rig.call(session, 'connect', { id, ...connect });
      const { ref, evtchn } = rig.stream(session, 1).rings;
      const { memory } = rig.world.machine.reach(rig.domid, ref, evtchn);
      memory.store32(FLEX_RING_INDEXES.fields.in_prod.offsetBytes, 0x8000_0000);
      session.setReading(1n, { reads: true, keepAll: false });
      await rig.until(() => rig.stream(session, 1).severity === 'error');
      assert.match(rig.stream(session, 1).text, /in_prod is 0x80000000/);
      const [found] = session.state.findings;
      assert.deepEqual([found?.kind, found?.count], ['badRing', 1]);
      assert.match(found!.text, /^Socket 1: in_prod is 0x80000000/);
      assert.equal(rig.stream(session, 1).input.usedBytes, undefined);
      assert.throws(() => void rig.send(session, 1, 'x').catch(() => undefined), isCode('gone', /in_prod/));
      assert.deepEqual(await rig.send(session, 2, 'x'), { sentBytes: 1 });
      assert.equal((await rig.call(session, 'release', { id: '1' })).response!.ret, 0);
      await rig.close(session);
    });
  });

  it('carries real traffic of this machine, every byte of it, and is refused what is not allowed', async () => {
    const bytes = randomBytes(300_000);
    const listener = createServer((socket) => void socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    try {
      const rig = await ComposerRig.open({ network: guardedNetwork(nodeNetwork, new AllowList()) });
      const before = await rig.holdings();
      const session = await rig.connected();
      const refused = await rig.call(session, 'connect', { id: '1', address: '10.0.0.1:80' });
      assert.equal(refused.response!.errorName, 'EACCES');
      await rig.call(session, 'connect', { id: '1', address: `127.0.0.1:${port}`, order: '3' });
      session.setReading(1n, { reads: true, keepAll: true });
      const sending = session.send(1n, bytes, new AbortController().signal);
      await rig.until(() => rig.received(session, 1).length === bytes.length);
      assert.deepEqual(await sending, { sentBytes: bytes.length });
      const hash = (all: Buffer) => createHash('sha256').update(all).digest('hex');
      assert.equal(hash(rig.received(session, 1)), hash(bytes));
      await rig.call(session, 'release', { id: '1' });
      await rig.close(session);
      assert.deepEqual(await rig.holdings(), before);
    } finally {
      listener.close();
      await once(listener, 'close');
    }
  });
});
