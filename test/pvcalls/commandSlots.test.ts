/** Calls that wait for long leave slots of the command ring to those that would end them. */
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { XenscopeError } from '../../server/host/errors';
import type { SocketNetwork } from '../../server/pvcalls/network';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { PvCallsRig, until } from './rig';

const isCode = (code: string) => (error: unknown) => error instanceof XenscopeError && error.code === code;
const nowhere = { host: '10.0.0.9', port: 9 };

describe('the command ring of a frontend', () => {
  let rig: PvCallsRig;
  let frontend: ReturnType<PvCallsRig['openPair']>['frontend'];
  let backend: ReturnType<PvCallsRig['openPair']>['backend'];
  const network = new SimNetwork();

  function open(net: SocketNetwork = network) {
    rig = new PvCallsRig({ network: net });
    ({ frontend, backend } = rig.openPair());
  }
  afterEach(() => {
    frontend.close();
    backend.close();
    rig.close();
  });

  /** So many servers, at each of which somebody waits for a connection. */
  async function accepting(count: number) {
    const servers = [];
    for (let port = 1000; port < 1000 + count; port++) {
      servers.push(await frontend.listen({ host: '10.0.0.1', port }, { order: 1 }));
    }
    const accepts = servers.map((server) => {
      const accepted = server.accept();
      accepted.catch(() => undefined);
      return accepted;
    });
    await until(() => frontend.inFlight === count);
    return { servers, accepts };
  }

  it('has room for all else, however many wait for connections', async () => {
    open();
    const { servers, accepts } = await accepting(40);
    await assert.rejects(frontend.connect(nowhere), { code: 'socket' });
    await servers[0]!.close();
    await assert.rejects(accepts[0]!, isCode('gone'));
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all(accepts.map((accepted) => assert.rejects(accepted, isCode('gone'))));
    await until(() => frontend.inFlight === 0);
    assert.deepEqual(rig.backFindings.kinds, [], 'no call came behind the RELEASE of its socket');
  });

  it('says that a call has to wait for others, once, and lets it by when one of them is over', async () => {
    open();
    const { servers, accepts } = await accepting(31);
    const told = () => rig.frontFindings.last.filter(({ kind }) => kind === 'limit');
    assert.deepEqual(
      told().map(({ text }) => text),
      [
        '30 calls wait for connections at the backend already, or for answers that nobody wants any more: the accept of socket 31 reaches it when one of them is over.',
      ],
    );
    const last = await network.connect({ host: '10.0.0.1', port: 1030 });
    const first = await network.connect({ host: '10.0.0.1', port: 1000 });
    const sockets = [await accepts[0]!, await accepts[30]!];
    assert.equal(told().length, 1);
    for (const socket of sockets) socket.on('error', () => undefined).destroy();
    for (const { stream } of [first, last]) stream.destroy();
    await Promise.all(servers.map((server) => server.close()));
  });

  it('has room for a RELEASE while all that is asked is still being connected', async () => {
    open({
      connect: (_, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
      bind: (address) => network.bind(address),
    });
    const impatience = new AbortController();
    setMaxListeners(0, impatience.signal);
    const connects = Array.from({ length: 40 }, () =>
      frontend.connect(nowhere, { order: 1, signal: impatience.signal }),
    );
    const failing = Promise.all(
      connects.map((connecting) => assert.rejects(connecting, isCode('cancelled'))),
    );
    await until(() => backend.sockets.size === 40 && frontend.inFlight === 40);
    const poll = frontend.call({ cmd: 'poll', id: 999_999n }, impatience);
    poll.catch(() => undefined);
    await until(() => frontend.inFlight === 41);
    const { ret } = await frontend.call({ cmd: 'release', id: 1_000_000n, reuse: false });
    assert.equal(ret, 0);
    impatience.abort();
    await failing;
    await until(() => frontend.inFlight === 0 && backend.sockets.size === 0);
  });
});
