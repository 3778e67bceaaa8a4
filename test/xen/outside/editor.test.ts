/** What an editor asks, of a server here and of one in dom0: a real host's tree, live, and edits of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { ApiNotifications, ApiRequests, NodePage, RequestName } from '../../../server/rpc/api';
import { base64, Editor, eventually, initializeOptions } from '../../rpc/rig';
import { forward, openGate, output, serveInDom0, storeSocket } from '../support/outside';
import type { Forwarded } from '../support/outside';

const gate = openGate();

/** As much of an editor as both kinds of connection have. */
interface Asking {
  ask<Name extends RequestName>(
    name: Name,
    params: ApiRequests[Name]['params'],
  ): Promise<ApiRequests[Name]['result']>;
  changes(): readonly ApiNotifications['xenscope/treeChanged'][];
}

/** Tree, domains and an edit; `host` is connected. */
async function judgeTree({ ask, changes }: Asking, host: string): Promise<void> {
  const list = (path: string): Promise<NodePage> =>
    ask('xenscope/children', { host, path, offset: 0, limit: 100 });
  assert.deepEqual(
    (await list('/local/domain')).rows.map(({ name }) => name),
    ['0'],
  );
  assert.deepEqual(
    (await ask('xenscope/domains', { host })).map(({ domid }) => domid),
    [0],
  );

  const act = {
    kind: 'write',
    path: '/tool/edited',
    value: base64('from an editor'),
    create: true,
  } as const;
  assert.notEqual((await ask('xenscope/preview', { host, act })).verdict, 'refuse');
  await ask('xenscope/act', { host, act, confirmed: true });
  assert.equal(await output(gate, 'xenstore-read', act.path), 'from an editor\n');

  await list('/tool');
  await output(gate, 'xenstore-write', act.path, 'from dom0');
  await eventually(() =>
    changes().some((told) =>
      told.changes.some((change) => change.kind === 'row' && change.row.preview === 'from dom0'),
    ),
  );
  await output(gate, 'xenstore-rm', act.path);
}

describe('an editor whose server is here', () => {
  let editor: Editor;
  let socket: Forwarded;
  before(async () => {
    socket = await forward(gate, storeSocket);
    editor = new Editor();
    await editor.initialize({ sockets: [socket.path] });
  });
  after(async () => {
    await editor.close();
    await socket.end();
  });

  it('shows and edits the tree of dom0 through the forwarded socket', async () => {
    const host = (await editor.ask('xenscope/hosts', null)).find(
      ({ socketPath }) => socketPath === socket.path,
    )!;
    const { state } = await editor.ask('xenscope/connect', { host: host.id });
    assert.deepEqual(state, { kind: 'connected' });
    await judgeTree(
      {
        ask: (name, params) => editor.ask(name, params),
        changes: () => editor.all('xenscope/treeChanged'),
      },
      host.id,
    );
  });
});

describe('an editor whose server runs as root in dom0', () => {
  let socket: Forwarded;
  let connection: MessageConnection;
  const seen: ApiNotifications['xenscope/treeChanged'][] = [];

  before(async () => {
    socket = await serveInDom0(gate);
    const stream = net.connect(socket.path);
    await once(stream, 'connect');
    connection = createMessageConnection(new StreamMessageReader(stream), new StreamMessageWriter(stream));
    connection.onNotification('xenscope/treeChanged', (told) => void seen.push(told));
    connection.listen();
    await connection.sendRequest('initialize', {
      processId: null,
      rootUri: null,
      capabilities: {},
      initializationOptions: initializeOptions,
    });
  });
  after(async () => {
    connection?.dispose();
    await socket?.end();
  });

  const ask: Asking['ask'] = (name, params) => connection.sendRequest(name, params);

  it("offers this machine's Xen and nothing else, and shows and edits its tree", async () => {
    const hosts = await eventually(async () => {
      const all = await ask('xenscope/hosts', null);
      return all.length > 0 ? all : undefined;
    });
    assert.deepEqual(
      hosts.map(({ kind }) => kind),
      ['machine'],
    );
    const { state } = await ask('xenscope/connect', { host: hosts[0]!.id });
    assert.deepEqual(state, { kind: 'connected' });
    await judgeTree({ ask, changes: () => seen }, hosts[0]!.id);
    // How domains are it has from the hypervisor, which the xenstore does not say.
    const [dom0] = await ask('xenscope/domains', { host: hosts[0]!.id });
    assert.deepEqual(dom0, { domid: 0, name: 'Domain-0', type: 'PV' });
  });
});
