import assert from 'node:assert/strict';
import { Failure, failureOf } from '../../extension/errors';
import { RestartPolicy } from '../../extension/restartPolicy';
import { Turns } from '../../extension/turns';
import { askVersion, chooseServerNode, isRecentEnough, type AskVersion } from '../../extension/serverNode';

describe('the Node that runs the server', () => {
  const answers =
    (versions: Record<string, string>): AskVersion =>
    (command) =>
      Promise.resolve(versions[command]);

  it('is the one from the settings', async () => {
    const node = await chooseServerNode(
      '/opt/node',
      '/editor',
      answers({ '/opt/node': 'v22.1.0', node: 'v24.0.0' }),
    );
    assert.deepEqual([node.command, node.env, node.problem], ['/opt/node', {}, undefined]);
    assert.match(node.why, /setting xenscope\.server\.node/);
  });

  it('is the one on PATH when the setting is empty, or names something else', async () => {
    const onPath = answers({ node: 'v20.19.0', '/opt/old': 'v18.0.0', '/opt/other': 'hello' });
    assert.equal((await chooseServerNode('', '/editor', onPath)).command, 'node');
    for (const [setting, problem] of [
      ['/opt/old', /answers “v18\.0\.0”; Node 20\.19 or newer is needed/],
      ['/opt/other', /answers “hello”/],
      ['/opt/none', /cannot be run as Node/],
    ] as const) {
      const node = await chooseServerNode(setting, '/editor', onPath);
      assert.equal(node.command, 'node');
      assert.match(node.problem!, problem);
    }
  });

  it("is the editor's own runtime when there is no other, told to behave as Node", async () => {
    for (const versions of [{}, { node: 'v20.18.9' }]) {
      const node = await chooseServerNode('', '/editor', answers(versions as Record<string, string>));
      assert.deepEqual([node.command, node.env], ['/editor', { ELECTRON_RUN_AS_NODE: '1' }]);
    }
  });

  it('is asked for its version', async () => {
    assert.equal(await askVersion(process.execPath), process.version);
    for (const command of ['/nowhere/node', '', 'no\0de']) assert.equal(await askVersion(command), undefined);
  });

  it('must be recent', () => {
    const versions = ['v20.19.0', 'v21.0.0', 'v24.1.2', 'v20.18.3', 'v18.20.0', 'nonsense', ''];
    assert.deepEqual(versions.map(isRecentEnough), [true, true, true, false, false, false, false]);
  });
});

describe('a server that ends', () => {
  it('is started again after pauses that grow to half a minute, and the person is told once', () => {
    const policy = new RestartPolicy();
    const turns = Array.from({ length: 12 }, () => policy.ended(10));
    assert.deepEqual(
      turns.slice(0, 4).map(({ delayMs }) => delayMs),
      [250, 500, 1000, 2000],
    );
    assert.equal(turns.at(-1)!.delayMs, 30_000);
    assert.equal(turns.filter(({ tell }) => tell).length, 1);
  });

  it('is forgiven after it ran for a while, or when a person asks', () => {
    const policy = new RestartPolicy();
    for (let i = 0; i < 5; i++) policy.ended(10);
    assert.equal(policy.ended(120_000).delayMs, 250);
    policy.ended(10);
    policy.forgive();
    assert.equal(policy.ended(10).delayMs, 250);
  });
});

describe('starts of the server', () => {
  const late = () => {
    let arrive!: (child: string) => void;
    return { launch: new Promise<string>((resolve) => (arrive = resolve)), arrive };
  };

  it('keep what they launched while no other began', async () => {
    const turn = new Turns().begin();
    assert.equal(await turn.only(Promise.resolve('child'), assert.fail), 'child');
    assert.ok(turn.isCurrent);
  });

  for (const [what, overtake] of [
    ['another start', (turns: Turns) => void turns.begin()],
    ['the end', (turns: Turns) => turns.end()],
  ] as const)
    it(`end the process that comes too late, after ${what}`, async () => {
      const turns = new Turns();
      const turn = turns.begin();
      const { launch, arrive } = late();
      const ended: string[] = [];
      const start = turn.only(launch, (child) => ended.push(child));
      overtake(turns);
      arrive('child');
      await assert.rejects(start, (error) => failureOf(error).code === 'cancelled');
      assert.deepEqual([ended, turn.isCurrent], [['child'], false]);
    });
});

describe('failures as a person sees them', () => {
  it('keep the words of the server', () => {
    const failure = failureOf(
      Object.assign(new Error('Not yours.'), {
        data: { code: 'store', storeError: 'EACCES', wayOut: 'Ask domain 3.' },
      }),
    );
    assert.deepEqual([failure.text, failure.storeError], ['Not yours. Ask domain 3.', 'EACCES']);
  });

  it('say plainly that the server is gone, or that nobody wants the answer', () => {
    assert.equal(
      failureOf(Object.assign(new Error('Pending response rejected'), { code: -32097 })).code,
      'server',
    );
    assert.equal(failureOf(Object.assign(new Error('cancelled'), { code: -32800 })).code, 'cancelled');
  });

  it('are made of anything that is thrown', () => {
    for (const thrown of [undefined, null, 'text', 7, {}, new Error('x')])
      assert.ok(failureOf(thrown) instanceof Failure);
  });
});
