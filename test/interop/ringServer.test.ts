/**
 * Our server's end of a ring, over a page that another process maps, against a guest that shares no
 * code with us: it is written in C from the public header. Both run at once, on processors of their own.
 */
import assert from 'node:assert/strict';
import { XsRingConnection, XsRingFeature } from '../../server/wire/xsRing';
import { seed } from '../fuzz/seed';
import { indicesOf, setWord, wordOf } from '../support/ringPage';
import { describeWithRingGuest } from './daemons/requirements';
import { GuestRig } from './guest/guestProcess';

const { RECONNECTION, ERROR } = XsRingFeature;

describeWithRingGuest('our server on a ring of a guest written in C', () => {
  let rig: GuestRig | undefined;

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.log(`· repeat with XENSCOPE_SEED=${seed}`);
    await rig?.close();
    rig = undefined;
  });

  async function play(scenario: string, features: number): Promise<string> {
    rig = await GuestRig.open(features);
    await rig.introduce();
    return (await rig.start(scenario, seed)).end();
  }

  const scenarios: readonly [what: string, scenario: string, features: number][] = [
    ['answers, sends events, commits and passes long values', 'life', ERROR],
    ['crosses 2^32', 'wrap', ERROR],
    ['keeps thousands of requests in pieces of any size in their order', 'flood', RECONNECTION | ERROR],
    ['loses nothing of a guest that reads no reply until both rings are full', 'full', ERROR],
    [
      'begins anew when it is asked, over half packets, full rings and garbage',
      'reconnect',
      RECONNECTION | ERROR,
    ],
    ['bears a boot loader that wipes its ring in the older way', 'older', ERROR],
    [
      'reads nothing by indices that cannot be, says so, and heals by a reconnect',
      'insane',
      RECONNECTION | ERROR,
    ],
    [
      'gives up on messages that break the protocol, says so, and heals by a reconnect',
      'broken',
      RECONNECTION | ERROR,
    ],
  ];
  for (const [what, scenario, features] of scenarios)
    it(what, () => play(scenario, features).then(() => undefined));

  it('lets a guest go on that found the connection word set when it booted', async () => {
    rig = await GuestRig.open(RECONNECTION | ERROR);
    setWord(rig.memory, 'connection', XsRingConnection.RECONNECT);
    const guest = await rig.start('waiting', seed);
    await guest.untilSaid('waits');
    assert.deepEqual(indicesOf(rig.memory), [0, 0, 0, 0], 'it sends nothing while it waits');
    await rig.introduce();
    await guest.end();
    assert.equal(wordOf(rig.memory, 'connection'), XsRingConnection.CONNECTED);
  });

  it('is what the guest judges: with a server that offers no reconnection it is not content', async () => {
    await assert.rejects(play('reconnect', ERROR), /no reconnection is offered/);
  });
});
