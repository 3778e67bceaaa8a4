/** Standing before backends of PV Calls, over the API: those of a world, and one of our own on a real host. */
import assert from 'node:assert/strict';
import { processClaimants } from '../../server/cli/processClaimants';
import { systemClock } from '../../server/cli/systemClock';
import type { Clock } from '../../server/host/clock';
import type { Host } from '../../server/host/host';
import type { InterceptNews, InterceptSettings } from '../../server/rpc/api';
import { InterceptFeed, maxHeldTold, maxInterceptViews } from '../../server/rpc/pvcallsInterceptFeed';
import { AllowList } from '../../server/pvcalls/allowList';
import { servingClaimPath } from '../../server/pvcalls/servingClaim';
import { Intercept } from '../../server/pvcalls/intercept/intercept';
import { httpClient, httpServer, pvcallsGuest } from '../../server/sim/guests/pvcallsGuests';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { createWorld } from '../../server/sim/world';
import { plainGuest } from '../sim/worldKit';
import { Editor, eventually } from './rig';

const web = { host: '10.0.0.80', port: 80 };
const host = 'simulator';

/** What is told of after seconds is told of soon. */
const hasty: Clock = {
  nowMs: () => 10 * systemClock.nowMs(),
  after: (delayMs, run) => systemClock.after(delayMs / 10, run),
};

describe('intercepting PV Calls, over the API', function () {
  this.timeout(60_000);
  let editor: Editor;
  let viewId: number;

  beforeEach(() => open());
  afterEach(() => editor.close());

  async function open(clock: Clock = systemClock): Promise<void> {
    editor = new Editor({
      openWorld: ({ seed }) =>
        createWorld({
          seed,
          // Guests talk fast, and nothing waits for them in real time.
          pace: 20,
          clock,
          transport: 'process',
          domains: [
            plainGuest({ name: 'server', pvcalls: true, guest: pvcallsGuest(httpServer(web)) }),
            plainGuest({
              name: 'client',
              pvcalls: true,
              guest: pvcallsGuest(httpClient(web, { least: 500, most: 1500 })),
            }),
          ],
        }),
    });
    await editor.initialize({ pace: 20 });
    await editor.ask('xenscope/connect', { host });
    ({ viewId } = await editor.ask('xenscope/intercept', { host, domid: 0 }));
  }

  const set = (over: Partial<InterceptSettings>, ...lines: string[]) =>
    editor.ask('xenscope/interceptSet', {
      host,
      domid: 0,
      settings: {
        isOn: true,
        holdsOthers: false,
        rules: lines.map((line) => ({ line, isEnabled: true })),
        ...over,
      },
    });
  const news = () => editor.all('xenscope/interceptNews').filter((one) => one.viewId === viewId);
  const state = (isSo: (state: NonNullable<InterceptNews['state']>) => boolean) =>
    eventually(() => {
      const last = news().at(-1)?.state;
      return last && isSo(last) ? last : undefined;
    });
  const said = () => news().flatMap(({ events }) => events);

  it('lists the backends of a world, and says why there is none of our own', async () => {
    const { backends, own, whyNoOwn } = await editor.ask('xenscope/interceptChoices', { host });
    assert.deepEqual(
      backends.map(({ domid, isOn }) => [domid, isOn]),
      [[0, false]],
    );
    assert.equal(own, undefined);
    assert.match(whyNoOwn!, /domain 0 serve already/);
    const off = await state(({ devices }) => devices.length === 2);
    assert.deepEqual([off.isOn, off.held], [false, []]);
    const serves = async (device: string) =>
      (await editor.ask('xenscope/interceptChoices', { host, device })).backends.map(
        ({ servesDevice }) => servesDevice,
      );
    const rows = await editor.ask('xenscope/pvcallsList', { host });
    assert.equal(rows.length, 2);
    for (const { backend } of rows) assert.deepEqual(await serves(backend.path), [true], backend.path);
    assert.deepEqual(await serves('/local/domain/0/backend/pvcalls/9/0'), [false]);
  });

  it('tells of a call that is held, does what a person decides, and tells what the guest does next', async () => {
    await set({}, 'connect domain 2 → hold');
    const { held } = await state(({ held: some }) => some.length === 1);
    assert.match(held[0]!.text, /^connect socket \S+ to 10\.0\.0\.80:80$/);
    assert.ok(held[0]!.fields.some(({ name, meaning }) => name === 'u.connect.evtchn' && meaning !== ''));
    const decide = { host, domid: 0, call: held[0]!.number, delayMs: 0 } as const;
    await editor.ask('xenscope/interceptDecide', { ...decide, decision: { kind: 'refuse', ret: -111 } });
    await eventually(() => said().some(({ says }) => /answered −111 ECONNREFUSED .* by hand/.test(says)));
    await eventually(() => said().some(({ command }) => command === 'release'));
    await assert.rejects(
      editor.ask('xenscope/interceptDecide', { ...decide, decision: { kind: 'pass' } }),
      /not held any more/,
    );
    const numbers = said().map(({ number }) => number);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
      'each event once, in order',
    );
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it('tells of what is held by hand as that, and of nothing wrong', async () => {
    await editor.close();
    await open(hasty);
    await set({ holdsOthers: true });
    await state(({ held }) => held.length > 0);
    const said = () =>
      editor
        .ask('xenscope/pvcallsList', { host })
        .then((rows) =>
          rows.flatMap(({ diagnoses }) => diagnoses).filter(({ severity }) => severity !== 'fine'),
        );
    let all = await said();
    while (all.length === 0) all = await said();
    assert.ok(
      all.every(({ rule, severity }) => `${severity} ${rule}` === 'note held-by-hand'),
      JSON.stringify(all),
    );
    assert.match(all[0]!.text, /^[A-Z]+ of socket [0-9]+ held in the Intercept panel for/);
    await set({ isOn: false });
    while (all.length > 0) all = await said();
  });

  it('lets rules answer and counts them, and tells of one that is wrong', async () => {
    await set({}, 'quux', 'connect domain 2 → ECONNREFUSED');
    const { rules } = await state(({ rules: some }) => (some[1]?.hits ?? 0) > 1);
    assert.ok(rules[0]!.isWrong && /says nothing in a rule/.test(rules[0]!.text));
    const check = await editor.ask('xenscope/interceptCheck', { line: 'accept after 2 s' });
    assert.deepEqual(check, { text: 'ACCEPT passes after 2 s.', isWrong: false });
    assert.ok((await editor.ask('xenscope/interceptCheck', { line: 'accept' })).isWrong);
  });

  it('says which errors there are, with their meaning', async () => {
    const { errors } = await editor.ask('xenscope/intercept', { host, domid: 0 });
    assert.deepEqual(
      errors.find(({ name }) => name === 'ECONNREFUSED'),
      {
        name: 'ECONNREFUSED',
        ret: -111,
        text: 'nobody listens there',
      },
    );
  });

  it('refuses what makes no sense', async () => {
    const decide = { host, domid: 0, call: 1, delayMs: 0 } as const;
    for (const [decision, why] of [
      [{ kind: 'quux' }, /must be one of/],
      [{ kind: 'refuse', ret: 'x' }, /must be a number/],
      [{ kind: 'refuse', ret: 5 }, /no error/],
      [{ kind: 'pretend', peer: 'me' }, /must be one of/],
    ] as const) {
      await assert.rejects(
        editor.ask('xenscope/interceptDecide', { ...decide, decision: decision as never }),
        why,
      );
    }
    await assert.rejects(set({ rules: 'all' as never }), /must be a list/);
    await assert.rejects(
      editor.ask('xenscope/interceptSet', {
        host,
        domid: 7,
        settings: { isOn: true, holdsOthers: true, rules: [] },
      }),
      /No backend of domain 7/,
    );
    const refused = await editor.ask('xenscope/servingPreview', { host, allow: [] });
    assert.deepEqual(
      [refused.verdict, refused.text],
      ['refuse', 'In a world the backends of domain 0 serve already.'],
    );
  });

  it('sends nothing once nobody looks', async () => {
    await set({}, 'connect → ECONNREFUSED');
    await state(({ rules }) => (rules[0]?.hits ?? 0) > 0);
    await editor.ask('xenscope/interceptStop', { viewId });
    const count = news().length;
    await editor.ask('xenscope/interceptChoices', { host });
    assert.equal(news().length, count);
  });
});

describe('our own backend of PV Calls, over the API', function () {
  this.timeout(60_000);

  /** A world's domain 0 beside which nobody serves, as a real host: what is real about it is that it is asked about. */
  async function realHost() {
    const world = await createWorld({
      seed: 1,
      pace: 0,
      clock: systemClock,
      domains: [],
      transport: 'process',
    });
    let onOpening: (() => void) | undefined;
    const host: Host = {
      kind: 'real',
      clock: systemClock,
      random: world.random,
      openStore: () => world.openStore(),
      openProgram: () => {
        onOpening?.();
        return world.openProgram(0);
      },
      close: () => world.close(),
    };
    const store = host.openStore();
    const sent: InterceptNews[] = [];
    const lines: string[] = [];
    let kernel: string | undefined;
    const feeds: InterceptFeed[] = [];
    const openFeed = () => {
      const feed = new InterceptFeed({
        hostId: 'local',
        host,
        store,
        nameDomain: (domid) => (domid === 0 ? 'Domain-0' : `domain ${domid}`),
        ground: {
          network: new SimNetwork(),
          kernelBackend: () => kernel,
          claimants: processClaimants,
          most: new AllowList(['127.0.0.0/8'], { firstFreePort: 1024 }),
        },
        isBusy: () => false,
        send: (one) => sent.push(one),
        log: (line) => lines.push(line),
      });
      feeds.push(feed);
      return feed;
    };
    return {
      feed: openFeed(),
      openFeed,
      sent,
      store,
      whileOpening: (act: () => void) => (onOpening = () => queueMicrotask(act)),
      kernelServes: (sentence: string | undefined) => (kernel = sentence),
      close: async () => {
        for (const feed of feeds) await feed.close();
        await store.close();
        await host.close();
      },
    };
  }
  const allow = ['127.0.0.0/8'];

  it('is opened once it was agreed to, told of, and ended', async () => {
    const real = await realHost();
    const { feed, sent } = real;
    assert.deepEqual(feed.choices(), { backends: [], own: 'closed' });
    feed.openView(1, 0);
    await eventually(() => sent.length > 0);
    assert.equal(sent[0]!.state, undefined, 'it is not there yet');
    const preview = await feed.preview(allow);
    assert.equal(preview.verdict, 'confirm');
    assert.match(preview.text, /^Domain-0 serves PV Calls/);
    assert.match(preview.details.join('\n'), /connect to and bind 127\.0\.0\.0\/8, and nothing else/);
    assert.match(
      preview.details.join('\n'),
      /lets through 127\.0\.0\.0\/8 at most; ports below 1024 are bound only/,
    );
    assert.match(preview.details.join('\n'), /with its panel where no guest is connected/);
    await assert.rejects(feed.serve(allow, false), { code: 'refused' });
    assert.deepEqual(await feed.serve(allow, true), { domid: 0 });
    await assert.rejects(feed.serve(allow, true), { code: 'busy' });
    assert.deepEqual(feed.choices(), { backends: [{ domid: 0, devices: 0, isOn: false }], own: 'open' });
    await eventually(() => sent.at(-1)!.state);
    assert.deepEqual(sent.at(-1)!.findings, []);
    feed.backend(0).set({ isOn: true, holdsOthers: true, rules: [] });
    await eventually(() => sent.at(-1)!.state?.isOn);
    assert.deepEqual(await feed.endServing(), []);
    await eventually(() => !sent.at(-1)!.state);
    assert.throws(() => feed.backend(0), { code: 'gone' });
    await real.close();
  });

  it('is refused where the kernel serves, where somebody else does, or where the list makes no sense', async () => {
    const real = await realHost();
    const { feed, store } = real;
    real.kernelServes('Linux serves here.');
    assert.deepEqual(
      [(await feed.preview(allow)).verdict, (await feed.preview(allow)).text],
      ['refuse', 'Linux serves here.'],
    );
    await assert.rejects(feed.serve(allow, true), { code: 'refused', wayOut: /modprobe/ });
    real.kernelServes(undefined);
    assert.match((await feed.preview(['all'])).text, /names no addresses/);
    await store.write('/local/domain/0/backend/pvcalls/3/0/state', '4');
    assert.match((await feed.preview(allow)).text, /^Somebody serves backend\/pvcalls\/3\/0/);
    await real.close();
  });

  it('is refused in another window while there is one, also without any device', async () => {
    const real = await realHost();
    const other = real.openFeed();
    const both = await Promise.allSettled([real.feed.serve(allow, true), other.serve(allow, true)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const [first, second] = both[0]!.status === 'fulfilled' ? [real.feed, other] : [other, real.feed];
    assert.match((await second.preview(allow)).text, /^Process [0-9]+ serves the PV Calls of this domain/);
    await assert.rejects(second.serve(allow, true), { code: 'refused', wayOut: /End that backend first/ });
    await first.endServing();
    await second.serve(allow, true);
    await real.close();
  });

  it('is ended while it is being opened, and nothing of it stays', async () => {
    const real = await realHost();
    const { feed, store } = real;
    const noClaim = () => assert.rejects(store.read(servingClaimPath), { storeError: 'ENOENT' });
    let ended: Promise<unknown> | undefined;
    real.whileOpening(() => void (ended = feed.endServing()));
    await feed.serve(allow, true);
    await ended;
    assert.equal(feed.choices().own, 'closed');
    await noClaim();
    real.whileOpening(() => void (ended = feed.close()));
    await assert.rejects(feed.serve(allow, true), { code: 'gone' });
    await ended;
    await noClaim();
    await real.close();
  });

  it('ends with the editor', async () => {
    const real = await realHost();
    await real.feed.serve(allow, true);
    await real.close();
  });
});

describe('news of an interceptor', () => {
  it('are bounded, and come again while something is held', async () => {
    const intercept = new Intercept({ domid: 0, clock: systemClock });
    const sent: InterceptNews[] = [];
    let isBusy = true;
    const feed = new InterceptFeed({
      hostId: 'a',
      host: { clock: systemClock, world: { interceptors: [intercept] } } as unknown as Host,
      store: undefined as never,
      nameDomain: String,
      ground: undefined,
      isBusy: () => isBusy,
      send: (one) => sent.push(one),
      log: () => undefined,
    });
    for (let viewId = 0; viewId < maxInterceptViews; viewId++) feed.openView(viewId, 0);
    assert.throws(() => feed.openView(99, 0), { code: 'limit' });
    for (let viewId = 1; viewId < maxInterceptViews; viewId++) feed.closeView(viewId);
    intercept.set({ isOn: true, holdsOthers: true, rules: [] });
    const gate = intercept.gateOf({ path: 'backend/pvcalls/3/0', domid: 3, clock: systemClock });
    const nothing = () => undefined;
    const ways = { pass: nothing, answer: nothing, pretend: nothing };
    for (let number = 0; number < 600; number++) {
      gate.arrive({ request: { reqId: number, cmd: 'poll', id: 1n }, slot: Buffer.alloc(64), ways });
    }
    assert.equal(sent.length, 0, 'nothing is sent while the editor does not read');
    isBusy = false;
    const first = await eventually(() => sent.find(({ events }) => events.length > 0));
    assert.equal(first.state!.held.length, maxHeldTold);
    assert.equal(first.heldLeftOut, 256 - maxHeldTold);
    assert.ok(first.events.length <= 200 && first.eventsLeftOut > 600);
    // Times grow without any news.
    await eventually(() => sent.at(-1)!.state!.nowMs > first.state!.nowMs);
    await feed.close();
    gate.close();
  });
});
