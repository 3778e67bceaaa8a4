import assert from 'node:assert/strict';
import { debian, linuxGuest } from '../../server/sim/guests/linux';
import type { World } from '../../server/sim/world';
import { CONSOLE_PAGE } from '../../server/wire/consoleRing';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';

const { out_cons, out_prod } = CONSOLE_PAGE.fields;

const linux = () => plainGuest({ type: 'pvh', guest: linuxGuest(debian) });

function indices(world: World, domid: number): { prod: number; cons: number } {
  const page = Buffer.alloc(4096);
  const observed = world
    .observer()
    .pages()
    .find(({ id }) => id === `console:${domid}`)!;
  assert.ok(observed.copy(page));
  return { prod: page.readUInt32LE(out_prod.offsetBytes), cons: page.readUInt32LE(out_cons.offsetBytes) };
}

describe('consoles', () => {
  afterEach(closeWorlds);

  it('carry what a guest prints to the terminal in domain 0', async () => {
    const world = await openWorld({ domains: [linux()] });
    const { prod, cons } = indices(world, 1);
    assert.equal(world.terminal(1).length, prod);
    assert.equal(cons, prod);
    assert.match(world.terminal(1), /Booting paravirtualized kernel[^]*guest login:/);
    assert.equal((await dump(world)).get('/local/domain/1/console/tty')?.value, '/dev/pts/0');
  });

  it('take far more than the ring holds, in order', async () => {
    const world = await openWorld({ domains: [linux()] });
    const before = world.terminal(1);
    const lines = Array.from({ length: 100 }, (_, number) => `line ${number} ${'.'.repeat(50)}`);
    for (const line of lines) world.hypervisor.get(1)!.print(line);
    await world.settled();
    assert.equal(world.terminal(1), `${before}${lines.join('\r\n')}\r\n`.slice(-8192));
  });

  it('fill while nobody reads, and drop what the kernel cannot keep', async () => {
    const world = await openWorld({ domains: [linux()] });
    const guest = world.hypervisor.get(1)!;
    world.world.hold();
    for (let number = 0; number < 1000; number++) guest.print(`line ${number} ${'.'.repeat(50)}`);
    const { prod, cons } = indices(world, 1);
    assert.equal(prod, cons);
    world.world.resume();
    await world.settled();
    // 16 KiB at most waited.
    assert.match(world.terminal(1), /line 2\d\d \.+\r\n$/);
  });

  it('begin anew after a soft reset, and after kexec', async () => {
    const world = await openWorld({ domains: [linux()] });
    world.world.act('softReset', 1);
    await world.advance(30_000);
    assert.match(world.terminal(1), /login:[^]*Booting[^]*login:/);
    assert.equal((await dump(world)).get('/local/domain/1/console/tty')?.value, '/dev/pts/0');
    world.world.act('kexec', 1);
    await world.advance(30_000);
    assert.match(world.terminal(1), /login:[^]*Booting[^]*login:[^]*Booting[^]*login:/);
    const { prod, cons } = indices(world, 1);
    assert.equal(prod, cons);
  });

  it('are left alone when somebody writes nonsense about them', async () => {
    const log: string[] = [];
    const world = await openWorld({ domains: [linux()], log: (line) => log.push(line) });
    const store = world.openStore();
    await store.write('/local/domain/1/console/port', '77');
    await world.advance(5000);
    assert.ok(log.some((line) => /console of domain 1 cannot be read/.test(line)));
    await store.write('/local/domain/1/console/port', '2');
    await world.advance(5000);
    world.hypervisor.get(1)!.print('still here');
    await world.settled();
    assert.match(world.terminal(1), /still here/);
    world.world.act('destroy', 1);
    await world.advance(20_000);
    assert.equal(world.terminal(1), '');
  });
});
