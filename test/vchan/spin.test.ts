/** An end that looks for a moment before it sleeps, as on a real host. */
import assert from 'node:assert/strict';
import { connectVchan } from '../../server/vchan/connect';
import type { Vchan } from '../../server/vchan/vchan';
import { Rig, SERVER, isCode, paths, readText, settled } from './rig';
import type { Page } from './rig';

describe('an end of a vchan that looks before it sleeps', () => {
  let rig: Rig;
  let server: Vchan;
  let client: Vchan;
  let page: Page;
  /** What happens elsewhere while the client looks. */
  let meanwhile: (() => void) | undefined;
  let looks: number;

  beforeEach(async () => {
    rig = await Rig.open();
    const until = (isSo: () => boolean) => {
      looks++;
      meanwhile?.();
      return isSo();
    };
    server = await rig.serve({ leftBytes: 1024, rightBytes: 1024 });
    client = await connectVchan(
      { ...rig.client, spin: () => ({ until }) },
      { serverDomid: SERVER, path: paths.client },
    );
    await server.connected();
    page = rig.page();
    page.set('srv_notify', 0);
    [meanwhile, looks] = [undefined, 0];
  });
  afterEach(() => rig.close());

  it('asks for no doorbell for what comes within the moment', async () => {
    meanwhile = () => server.tryWrite(Buffer.from('soon'));
    const before = rig.told('client');
    assert.equal(await readText(client, 100), 'soon');
    await settled();
    assert.deepEqual([looks, page.get('srv_notify'), rig.told('client')], [1, 0, before]);
  });

  it('nor for room that comes within it', async () => {
    await client.write(Buffer.alloc(client.writeRingBytes));
    assert.equal(looks, 0, 'there was room');
    meanwhile = () => server.tryRead(Buffer.alloc(10));
    const before = rig.told('client');
    await client.write(Buffer.alloc(10));
    await settled();
    assert.deepEqual([looks, page.get('srv_notify'), rig.told('client')], [1, 0, before]);
  });

  it('asks and sleeps where nothing comes', async () => {
    const reading = readText(client, 100);
    await settled();
    assert.deepEqual([looks, page.get('srv_notify')], [1, 1]);
    await server.write(Buffer.from('late'));
    assert.equal(await reading, 'late');
    assert.equal(looks, 1, 'it does not look again before it has something');
  });

  it('ends where the other side leaves while it looks, and looks no more after that', async () => {
    meanwhile = () => rig.machine.destroyDomain(SERVER);
    assert.equal(await client.read(Buffer.alloc(5)), 0);
    await assert.rejects(client.write(Buffer.from('x')), isCode('gone'));
    assert.equal(await client.read(Buffer.alloc(5)), 0);
    assert.equal(looks, 1);
  });

  it('says what is wrong with the indices while it looks', async () => {
    meanwhile = () => page.memory.store32(12, 0x7fff_ffff);
    await assert.rejects(client.read(Buffer.alloc(5)), isCode('protocol'));
  });
});
