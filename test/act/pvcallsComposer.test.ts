/** Commands of PV Calls by hand, over a device that is made for them, against the backend of a simulated world. */
import assert from 'node:assert/strict';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { closeWorlds } from '../sim/worldKit';
import { ComposerRig } from './composerKit';

const server = { host: '10.0.0.80', port: 80 };
const serverText = '10.0.0.80:80';

describe('commands of PV Calls by hand', function () {
  this.timeout(60_000);
  let network: SimNetwork;
  let rig: ComposerRig;

  beforeEach(async () => {
    network = new SimNetwork();
    rig = await ComposerRig.open({ network });
  });
  afterEach(closeWorlds);

  /** Gives back what comes, in capitals, and ends when it is told "bye". */
  async function serve(): Promise<void> {
    const binding = await network.bind(server);
    binding.listen(({ stream }) => {
      stream.on('error', () => undefined);
      stream.on('data', (bytes: Buffer) => {
        const text = String(bytes);
        if (text === 'bye') stream.end();
        else stream.write(text.toUpperCase());
      });
    });
  }

  it('make a device as a toolstack does it, and leave nothing when it is closed', async () => {
    const before = await rig.holdings();
    const session = rig.session();
    assert.equal(session.state.phase, 'opening');
    await rig.until(() => session.state.phase === 'open');
    const { device, maxOrder, text } = session.state;
    assert.deepEqual(device, {
      frontend: '/local/domain/1/device/pvcalls/1',
      backend: '/local/domain/0/backend/pvcalls/1/1',
      frontendState: 'Connected',
      backendState: 'Connected',
    });
    assert.equal(maxOrder, 9);
    assert.equal(text, 'Connected to domain 0.');
    assert.notDeepEqual(await rig.holdings(), before);
    await rig.close(session);
    assert.equal(session.state.phase, 'ended');
    assert.deepEqual(await rig.holdings(), before);
  });

  it('go from SOCKET to RELEASE, with bytes both ways', async () => {
    await serve();
    const before = await rig.holdings();
    const session = await rig.connected();
    const made = await rig.call(session, 'socket');
    assert.equal(made.text, 'SOCKET 1: done.');
    assert.equal(made.response!.ret, 0);
    assert.match(made.request!.slot, /^01000000000000000100000000000000/);
    const connected = await rig.call(session, 'connect', { id: '1', address: serverText });
    assert.equal(connected.text, `CONNECT of socket 1 to ${serverText}: done.`);
    assert.ok(connected.response!.latencyMs! >= 0);
    assert.equal(rig.socket(session, 1)!.text, `connected to ${serverText}`);
    assert.equal(rig.stream(session, 1).rings.order, 4);
    assert.deepEqual(await rig.send(session, 1, 'hello'), { sentBytes: 5 });
    await rig.until(() => String(rig.received(session, 1)) === 'HELLO');
    await rig.send(session, 1, 'bye');
    await rig.until(() => rig.stream(session, 1).receiving === 'ended');
    assert.equal(rig.stream(session, 1).input.errorName, 'ENOTCONN');
    assert.match(rig.stream(session, 1).text, /has ended, in good order/);
    const released = await rig.call(session, 'release', { id: '1' });
    assert.equal(released.severity, 'fine');
    assert.deepEqual(session.state.sockets, []);
    await rig.close(session);
    assert.deepEqual(await rig.holdings(), before);
  });
});
