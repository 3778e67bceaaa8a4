/** Sockets that look for a moment before they sleep, as on a real host. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { XenscopeError } from '../../server/host/errors';
import { DeviceSpins } from '../../server/pvcalls/socketSpins';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { PvCallsRig, until } from './rig';

describe('sockets of PV Calls that look before they sleep', () => {
  let opened: number;
  let looks: number[];
  beforeEach(() => ([opened, looks] = [0, []]));

  const device = () =>
    new DeviceSpins(() => {
      const number = opened++;
      return { until: (isSo) => (looks.push(number), isSo()) };
    });
  const always = () => true;

  it('look for room and for bytes apart from each other, and for nothing that they do not wait for', () => {
    const spins = device().forSocket();
    assert.equal(spins.until(undefined, always), false);
    assert.deepEqual([spins.until('room', always), spins.until('bytes', always)], [true, true]);
    assert.deepEqual(looks, [0, 1]);
  });

  it('do not look where others of the device are at work as well', () => {
    const spins = device();
    const [one, other] = [spins.forSocket(), spins.forSocket()];
    one.until('bytes', always);
    assert.ok(one.until('bytes', always));
    looks = [];
    for (let turn = 0; turn < 3; turn++) {
      for (const socket of [other, one]) assert.equal(socket.until('bytes', always), false);
    }
    assert.deepEqual(looks, []);
    assert.ok(one.until('bytes', always), 'alone again');
  });

  it('leave what is wrong with a ring to the next doorbell', () => {
    const spins = device().forSocket();
    spins.until(undefined, always);
    const broken = () => {
      throw new XenscopeError('protocol', 'indices that cannot be');
    };
    assert.equal(spins.until('bytes', broken), false);
    assert.throws(() => spins.until('bytes', () => assert.fail('a fault of ours')), /a fault of ours/);
  });

  it('never look where nothing moves meanwhile', () => {
    const spins = new DeviceSpins(undefined).forSocket();
    for (let turn = 0; turn < 3; turn++) assert.equal(spins.until('room', always), false);
  });

  it('carry more for each doorbell where the other side is quick', async () => {
    const sent = Buffer.alloc(100_000, 'x');
    const quietly = await doorbellsFor(sent, true);
    const plainly = await doorbellsFor(sent, false);
    assert.ok(quietly < plainly / 2, `${quietly} doorbells, and ${plainly} without looking`);
  });

  /** How many the frontend heard while so much came to it through a ring of 4 KiB. */
  async function doorbellsFor(sent: Buffer, looksBefore: boolean): Promise<number> {
    const network = new SimNetwork();
    const there = { host: '10.0.0.2', port: 80 };
    const binding = await network.bind(there);
    binding.listen(({ stream }) => void stream.on('error', () => undefined).end(sent));
    const backendGoesOn = () => {
      for (const active of backend.sockets.connected()) active.look();
    };
    const spin = () => ({ until: (isSo: () => boolean) => (backendGoesOn(), isSo()) });
    const rig = new PvCallsRig({ network, ...(looksBefore && { frontendSpin: spin }) });
    const { frontend, backend } = rig.openPair();
    const socket = await frontend.connect(there, { order: 1 });
    let doorbells = 0;
    const { onEvent } = rig.front;
    rig.front.onEvent = (port) => {
      doorbells++;
      onEvent(port);
    };
    let heard = 0;
    socket.on('data', ({ length }: Buffer) => (heard += length));
    await once(socket, 'end');
    assert.equal(heard, sent.length);
    await until(() => frontend.inFlight === 0);
    frontend.close();
    backend.close();
    rig.back.resources.release();
    rig.front.resources.release();
    binding.close();
    rig.close();
    return doorbells;
  }
});
