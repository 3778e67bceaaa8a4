import assert from 'node:assert/strict';
import { domainsOf } from '../../server/host/domains';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

describe('the domains of a host', () => {
  afterEach(closeWorlds);

  it('are listed with how they are, and tell when that changes', async () => {
    const world = await openWorld({ domains: [plainGuest({ onCrash: 'preserve' })] });
    const domains = domainsOf(world.world);
    const guest = () => domains.list().find(({ name }) => name === 'guest');
    const seen: unknown[] = [];
    const stop = domains.onChange(() => seen.push([guest()?.state, guest()?.reason]));
    const when = async (what: () => void) => {
      what();
      await world.settled();
    };
    assert.deepEqual(domains.list(), [
      { domid: 0, name: 'Domain-0', state: 'running', reason: undefined },
      { domid: 1, name: 'guest', state: 'running', reason: undefined },
    ]);
    await when(() => world.world.act('pause', 1));
    await when(() => world.world.act('unpause', 1));
    await when(() => (world.world.pace = 0));
    await when(() => world.world.act('crash', 1));
    assert.deepEqual(seen, [
      ['paused', undefined],
      ['running', undefined],
      ['shutdown', 'crash'],
    ]);
    stop();
    await when(() => world.world.act('destroy', 1));
    await world.advance(60_000);
    assert.equal(guest(), undefined, 'what could be started is not there');
    assert.equal(seen.length, 3);
  });
});
