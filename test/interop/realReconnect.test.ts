/** The reconnect on a real host, tried on Debian's two daemons with a guest on its ring page. */
import assert from 'node:assert/strict';
import { performReconnect, previewReconnect, type ReconnectTarget } from '../../server/act/reconnect';
import { whichXenstored } from '../../server/act/xenstoredKind';
import { systemClock, systemRandom } from '../../server/cli/systemClock';
import type { DomainLife } from '../../server/host/domainLife';
import type { Host } from '../../server/host/host';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient, StoreWatch } from '../../server/host/storeClient';
import type { ReconnectStep } from '../../server/host/worldControl';
import { indicesOf, wordOf } from '../support/ringPage';
import { describeWithDaemons } from './daemons/requirements';
import { DOMID, Rig } from './ringRig';

type Life = DomainLife['state'];

interface TargetOptions {
  readonly domid?: number;
  readonly life?: Life;
  /** That of domain 0, when there is none. */
  readonly store?: StoreClient;
  readonly observer?: Host['observer'];
}

function targetOf(rig: Rig, options: TargetOptions = {}): ReconnectTarget {
  const { domid = DOMID, life, store = rig.dom0, observer } = options;
  const host: Host = {
    kind: 'real',
    clock: systemClock,
    random: systemRandom,
    openStore: () => store,
    lifeOf: () => life && { domid, state: life, type: 'PV' },
    close: () => Promise.resolve(),
    ...(observer && { observer }),
  };
  const ring = { kind: 'xenstore', domid, directions: [] } as const;
  return { host, store, ring, nameDomain: (one) => `web (${one})` };
}

/** As the toolstack leaves it behind: the same as the rig has introduced. */
async function writeIntroduction(rig: Rig): Promise<void> {
  await rig.dom0.write(`/local/domain/${DOMID}/store/ring-ref`, '1');
  await rig.dom0.write(`/local/domain/${DOMID}/store/port`, '7');
}

async function watching(rig: Rig): Promise<StoreWatch> {
  const { client } = rig.guest();
  const watch = await client.watch('data');
  await watch[Symbol.asyncIterator]().next();
  return watch;
}

/** The daemon has handed out what this write caused when it answers the next request. */
async function changeWatched(rig: Rig): Promise<void> {
  await rig.dom0.write(`/local/domain/${DOMID}/data`, 'changed');
  for (let round = 0; round < 5; round++) await rig.dom0.read('/');
}

const unsaid = () => assert.fail('no step may be told');

describeWithDaemons('the reconnect on a real host with C xenstored', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open('xenstored');
  });
  afterEach(() => rig.close());

  it('knows the daemon by reading alone', async () => {
    assert.equal(await whichXenstored(rig.dom0), 'C xenstored');
  });

  it('is refused while the guest runs, or may run, unless a person insists', async () => {
    await writeIntroduction(rig);
    for (const life of ['running', undefined] as const) {
      const preview = await previewReconnect(targetOf(rig, { life }));
      assert.equal(preview.verdict, 'refuse');
      assert.equal(preview.method, 'INTRODUCE again');
      assert.match(
        preview.text,
        life === 'running' ? /web \(1\) runs/ : /may be running, which cannot be seen/,
      );
      assert.match(preview.force!, /hangs/);
      assert.ok(preview.lost.some((line) => line.startsWith('All watches')));
      const perform = (confirmed: boolean, forced: boolean) =>
        performReconnect(targetOf(rig, { life }), { confirmed, forced }, unsaid);
      await assert.rejects(perform(true, false), { code: 'refused' });
      await assert.rejects(perform(false, true), { code: 'refused', wayOut: /confirm it/ });
    }
  });

  it('drops the connection without a word to the guest, and tells what it did', async () => {
    await writeIntroduction(rig);
    await watching(rig);
    const before = wordOf(rig.memory, 'rsp_prod');
    await changeWatched(rig);
    assert.notEqual(wordOf(rig.memory, 'rsp_prod'), before, 'the watch fires while it is there');

    const steps: ReconnectStep[] = [];
    const target = targetOf(rig, { life: 'running' });
    const report = await performReconnect(target, { confirmed: true, forced: true }, (step) =>
      steps.push(step),
    );
    assert.equal(report.outcome, 'done', report.text);
    assert.match(report.text, /web \(1\) has a new connection, and was not told/);
    assert.deepEqual(report.steps, steps);
    assert.deepEqual(
      steps.map(({ side }) => side),
      ['xenscope', 'xenstored'],
    );
    assert.match(steps[0]!.text, /domain 1 again, with frame 1 and port 7/);
    assert.match(steps[1]!.text, /was asked to bind the event channel anew/);
    assert.deepEqual(indicesOf(rig.memory), [0, 0, 0, 0]);
    await changeWatched(rig);
    assert.equal(wordOf(rig.memory, 'rsp_prod'), 0, 'nobody watches any more');
    assert.equal(await rig.dom0.isDomainIntroduced(DOMID), true);
  });

  it('is only asked about when the guest stands still', async () => {
    await writeIntroduction(rig);
    const lives = [
      ['paused', 'is paused'],
      ['shutdown', 'has shut down'],
    ] as const;
    for (const [life, words] of lives) {
      const preview = await previewReconnect(targetOf(rig, { life }));
      assert.deepEqual([preview.verdict, preview.force], ['confirm', undefined]);
      assert.match(preview.text, new RegExp(`web \\(1\\), which ${words}, gets a new connection`));
      const consent = { confirmed: true, forced: false };
      const report = await performReconnect(targetOf(rig, { life }), consent, () => undefined);
      assert.equal(report.outcome, 'done');
    }
  });

  it('is reported when it was done, whatever fails afterwards', async () => {
    await writeIntroduction(rig);
    await watching(rig);
    const observer = () => {
      throw new XenscopeError('gone', 'This host was closed.');
    };
    const consent = { confirmed: true, forced: true };
    const report = await performReconnect(targetOf(rig, { observer }), consent, ({ side }) => {
      // The host is left as soon as the xenstored has answered.
      if (side === 'xenstored') void rig.dom0.close();
    });
    assert.equal(report.outcome, 'done');
    assert.match(
      report.text,
      /^web \(1\) has a new connection, and was not told\. Whether .* asked\. [A-Z].*\.$/,
    );
    assert.equal(report.steps.length, 2);
    assert.deepEqual(indicesOf(rig.memory), [0, 0, 0, 0]);
  });

  it('is refused for good where it would be wrong or cannot be done', async () => {
    const refusalOf = async (options: TargetOptions) => {
      const { verdict, text, force } = await previewReconnect(targetOf(rig, options));
      assert.deepEqual([verdict, force], ['refuse', undefined]);
      const consent = { confirmed: true, forced: true };
      await assert.rejects(performReconnect(targetOf(rig, options), consent, unsaid), { code: 'refused' });
      return text;
    };
    assert.match(await refusalOf({ domid: 0 }), /domain 0 is left alone/);
    assert.match(await refusalOf({ domid: 5 }), /is not introduced/);
    assert.match(await refusalOf({}), /is not written in the store/);
    await writeIntroduction(rig);
    assert.match(await refusalOf({ life: 'dying' }), /web \(1\) is being destroyed/);
    for (const port of ['-1', '0', String(2 ** 31)]) {
      await rig.dom0.write(`/local/domain/${DOMID}/store/port`, port);
      assert.match(await refusalOf({}), /is not written in the store/);
    }
  });
});

for (const kind of ['xenstored', 'oxenstored'] as const) {
  describeWithDaemons(`the reconnect on a real host, from a driver domain, with ${kind}`, () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await Rig.open(kind);
    });
    afterEach(() => rig.close());

    it('is refused with the reason: it is for domain 0', async () => {
      const { client: store } = rig.guest();
      const preview = await previewReconnect(targetOf(rig, { domid: 2, store }));
      assert.deepEqual([preview.verdict, preview.force], ['refuse', undefined]);
      assert.match(preview.text, /^Only domain 0 may introduce a domain/);
      assert.match(preview.details[0]!, /in domain 0: sudo xenscope serve/);
      const consent = { confirmed: true, forced: true };
      const performed = performReconnect(targetOf(rig, { domid: 2, store }), consent, unsaid);
      await assert.rejects(performed, { code: 'refused', message: /Only domain 0/ });
    });
  });
}

describeWithDaemons('the reconnect on a real host with oxenstored', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open('oxenstored');
  });
  afterEach(() => rig.close());

  it('is said to be of no help, and is not done', async () => {
    assert.equal(await whichXenstored(rig.dom0), 'oxenstored');
    await writeIntroduction(rig);
    for (const life of ['running', 'paused', undefined] as const) {
      const preview = await previewReconnect(targetOf(rig, { life }));
      assert.deepEqual([preview.verdict, preview.force], ['refuse', undefined]);
      assert.match(preview.text, /would not help web \(1\): oxenstored keeps watches and indices/);
      assert.ok(preview.details.some((line) => line.includes('belongs to the guest')));
      const consent = { confirmed: true, forced: true };
      const performed = performReconnect(targetOf(rig, { life }), consent, unsaid);
      await assert.rejects(performed, { code: 'refused' });
    }
  });

  it('would not help indeed: watches and indices stay as they are', async () => {
    const watch = await watching(rig);
    const before = indicesOf(rig.memory);
    assert.notDeepEqual(before, [0, 0, 0, 0]);
    await rig.dom0.introduce(DOMID, 1, 7);
    assert.deepEqual(indicesOf(rig.memory), before);
    await rig.dom0.write(`/local/domain/${DOMID}/data`, 'changed');
    for await (const { path } of watch) {
      assert.equal(path, 'data');
      break;
    }
  });
});
