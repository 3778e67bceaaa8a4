/**
 * Our backend of PV Calls as an editor opens it on the Xen of its machine: the server that VS Code starts, as a
 * program of a simulated domain with the libraries of one, serves a guest over real sockets, and its calls are held.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from 'vscode-jsonrpc/node';
import type { ApiRequests, InterceptNews, RequestName } from '../../../server/rpc/api';
import { bundle } from '../../cli/xenscope';
import { eventually, initializeOptions } from '../../rpc/rig';
import { describeWithDaemons } from '../daemons/requirements';
import { PvCallsScene, host as loopback } from './pvcallsScene';

const host = 'local';
const allow = ['127.0.0.0/8'];

describeWithDaemons('PV Calls served for an editor', function () {
  this.timeout(120_000);
  let scene: PvCallsScene;
  let server: ChildProcess;
  let connection: MessageConnection;
  const news: InterceptNews[] = [];
  const ask = <Name extends RequestName>(
    name: Name,
    params: ApiRequests[Name]['params'],
  ): Promise<ApiRequests[Name]['result']> => connection.sendRequest(name, params);

  before(async () => {
    scene = await PvCallsScene.open();
    server = spawn(process.execPath, [await bundle(), 'editor', '--stdio'], { env: scene.env });
    server.stderr!.resume();
    connection = createMessageConnection(
      new StreamMessageReader(server.stdout!),
      new StreamMessageWriter(server.stdin!),
    );
    connection.onNotification('xenscope/interceptNews', (one: InterceptNews) => void news.push(one));
    connection.listen();
    const capabilities = { processId: null, rootUri: null, capabilities: {} };
    await connection.sendRequest('initialize', {
      ...capabilities,
      initializationOptions: initializeOptions,
    });
    await eventually(async () => (await ask('xenscope/hosts', null)).some(({ id }) => id === host));
    assert.equal((await ask('xenscope/connect', { host })).state.kind, 'connected');
  });
  after(async () => {
    connection.dispose();
    server.kill();
    await once(server, 'close');
    await scene.close();
  });

  it('is asked about, and refused as long as nobody agrees', async () => {
    const preview = await ask('xenscope/servingPreview', { host, allow });
    assert.equal(preview.verdict, 'confirm');
    assert.match(preview.text, /serves PV Calls/);
    await assert.rejects(ask('xenscope/servingOpen', { host, allow, confirmed: false }), /serves PV Calls/);
    assert.deepEqual(await ask('xenscope/interceptChoices', { host }), { backends: [], own: 'closed' });
    const { serves, text } = await offeredToComposers();
    assert.equal(serves, 'no');
    assert.match(text, /^Nobody serves PV Calls there/);
  });

  /** What who composes commands is told of the backend of our domain. */
  async function offeredToComposers() {
    const { ownDomid, backends } = await ask('xenscope/composerChoices', { host });
    return backends.find(({ domid }) => domid === ownDomid)!;
  }

  it('opens sockets of a guest, whose calls are held and answered by hand', async () => {
    const { domid } = await ask('xenscope/servingOpen', { host, allow, confirmed: true });
    const { viewId } = await ask('xenscope/intercept', { host, domid });
    const text = 'Xenscope’s own backend of PV Calls serves there.';
    assert.deepEqual(await offeredToComposers(), { domid, serves: 'yes', text });
    await scene.withFrontend(async (frontend) => {
      assert.equal(await scene.echoed(frontend, 'hello'), 'hello');
      const rules = [{ line: 'connect port 443 → hold', isEnabled: true }];
      const settings = { isOn: true, holdsOthers: false, rules };
      await ask('xenscope/interceptSet', { host, domid, settings });
      const connecting = frontend.connect({ host: loopback, port: 443 });
      const refused = assert.rejects(connecting, { errorName: 'EHOSTUNREACH' });
      const held = await eventually(() => news.at(-1)?.state?.held[0]);
      assert.match(held.text, /^connect socket \S+ to 127\.0\.0\.1:443$/);
      const decision = { kind: 'refuse', ret: -113 } as const;
      await ask('xenscope/interceptDecide', { host, domid, call: held.number, decision, delayMs: 0 });
      await refused;
      await assert.rejects(frontend.connect({ host: '10.1.2.3', port: 80 }), { errorName: 'EACCES' });
      const findings = await eventually(() => news.at(-1)?.findings?.at(-1));
      assert.match(findings, /may not connect to 10\.1\.2\.3:80.*“xenscope\.pvcalls\.allow”/);
      assert.deepEqual(await ask('xenscope/servingClose', { host }), []);
      await eventually(() => news.at(-1)?.viewId === viewId && !news.at(-1)!.state);
    });
  });
});
