/** Shared files: the server by itself, and a guest that mounts them through the rings of a device. */
import assert from 'node:assert/strict';
import { PageSampler } from '../../server/capture/pageSampler';
import { sharedFiles } from '../../server/sim/devices/ninep/files';
import { NinepServer } from '../../server/sim/devices/ninep/server';
import { runDomainFrontends } from '../../server/sim/devices/simPorts';
import { bootLinux } from '../../server/sim/guests/linux';
import { XenbusState } from '../../server/wire/xenbusState';
import {
  NINEP_NO_FID,
  NINEP_QID_BYTES,
  NINEP_VERSION,
  NinepReader,
  NinepWriter,
  ninepHeader,
  ninepTypeName,
} from '../../server/wire/ninep/messages';
import { closeWorlds, dump, openWorld, plainGuest } from './worldKit';

const minuteMs = 60_000;

describe('a server of shared files', () => {
  const open = () => {
    const server = new NinepServer(sharedFiles('/srv/share'), 8192);
    return (request: NinepWriter) => {
      const reply = server.answer(request.message());
      const header = ninepHeader(reply)!;
      assert.equal(header.sizeBytes, reply.length);
      return { name: ninepTypeName(header.type), tag: header.tag, fields: new NinepReader(reply) };
    };
  };
  const mount = (ask: ReturnType<typeof open>, msizeBytes = 8192) => {
    const version = ask(new NinepWriter('Tversion', 0xffff).u32(msizeBytes).text(NINEP_VERSION));
    assert.equal(version.fields.u32(), Math.min(msizeBytes, 8192));
    assert.equal(version.fields.text(), NINEP_VERSION);
    return ask(new NinepWriter('Tattach', 1).u32(0).u32(NINEP_NO_FID).text('root').text('').u32(0));
  };
  const walk = (ask: ReturnType<typeof open>, newFid: number, ...names: string[]) =>
    ask(
      names.reduce(
        (message, name) => message.text(name),
        new NinepWriter('Twalk', 2).u32(0).u32(newFid).u16(names.length),
      ),
    );
  const read = (ask: ReturnType<typeof open>, fid: number, offset: number, count: number) => {
    const { name, fields } = ask(new NinepWriter('Tread', 3).u32(fid).u64(BigInt(offset)).u32(count));
    assert.equal(name, 'Rread');
    return fields.rest(fields.u32());
  };
  const refused = ({ name, fields }: ReturnType<ReturnType<typeof open>>) => {
    assert.equal(name, 'Rerror');
    return [fields.text(), fields.u32()];
  };

  it('agrees on a version, and lets a guest walk to a file and read it', () => {
    const ask = open();
    const root = mount(ask);
    assert.deepEqual([root.name, root.fields.u8()], ['Rattach', 0x80]);
    const walked = walk(ask, 1, 'backup', 'last');
    assert.deepEqual([walked.name, walked.tag, walked.fields.u16()], ['Rwalk', 2, 2]);
    const opened = ask(new NinepWriter('Topen', 1).u32(1).u8(0));
    opened.fields.rest(NINEP_QID_BYTES);
    assert.equal(opened.fields.u32(), 8192 - 11);
    assert.equal(read(ask, 1, 0, 100).toString(), 'monday\n');
    assert.equal(read(ask, 1, 3, 2).toString(), 'da');
    assert.equal(read(ask, 1, 7, 100).length, 0);
    assert.equal(read(ask, 1, Number.MAX_SAFE_INTEGER, 100).length, 0);
    assert.equal(ask(new NinepWriter('Tclunk', 1).u32(1)).name, 'Rclunk');
    assert.deepEqual(refused(ask(new NinepWriter('Tread', 1).u32(1).u64(0n).u32(1))), [
      'there is no fid 1',
      9,
    ]);
  });

  it('lists a folder in whole entries, as many as are asked for', () => {
    const ask = open();
    mount(ask);
    walk(ask, 1, 'backup');
    const entries = (bytes: Buffer) => {
      const names: string[] = [];
      for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16LE(at)) {
        // size, type, dev, qid, mode, atime, mtime, length; then the name.
        const nameAt = at + 2 + 2 + 4 + NINEP_QID_BYTES + 4 + 4 + 4 + 8;
        names.push(bytes.toString('utf8', nameAt + 2, nameAt + 2 + bytes.readUInt16LE(nameAt)));
      }
      return names;
    };
    const all = read(ask, 1, 0, 4000);
    assert.deepEqual(entries(all), ['last', 'log']);
    const first = read(ask, 1, 0, all.length - 1);
    assert.deepEqual(entries(first), ['last']);
    assert.deepEqual(entries(read(ask, 1, first.length, 4000)), ['log']);
    assert.equal(read(ask, 1, all.length, 4000).length, 0);
  });

  it('never answers more than the mount agreed on', () => {
    const ask = open();
    mount(ask, 300);
    walk(ask, 1, 'backup', 'log');
    assert.equal(read(ask, 1, 0, 0xffff_ffff).length, 300 - 11);
  });

  it('refuses what it has not, and what makes no sense, with a number and a text', () => {
    const ask = open();
    mount(ask);
    assert.deepEqual(refused(walk(ask, 1, 'nothing')), ['no such file', 2]);
    const partly = walk(ask, 1, 'backup', 'nothing');
    assert.deepEqual([partly.name, partly.fields.u16()], ['Rwalk', 1], 'how far it went');
    assert.deepEqual(refused(ask(new NinepWriter('Topen', 1).u32(1).u8(0))), ['there is no fid 1', 9]);
    walk(ask, 1, 'README');
    assert.equal(refused(ask(new NinepWriter('Topen', 1).u32(1).u8(1)))[1], 30);
    assert.equal(refused(ask(new NinepWriter('Twalk', 1).u32(0).u32(5).u16(17)))[1], 22);
    assert.equal(refused(ask(new NinepWriter('Twalk', 1).u32(0)))[1], 22);
    assert.equal(refused(ask(new NinepWriter('Rread', 1)))[1], 95);
    const old = ask(new NinepWriter('Tversion', 0xffff).u32(8192).text('9P1999'));
    assert.equal(old.fields.u32(), 8192);
    assert.equal(old.fields.text(), 'unknown');
    assert.equal(refused(walk(ask, 1, 'README'))[1], 9, 'a new version is a new mount');
    const fids = Array.from(
      { length: 1030 },
      (_, fid) => ask(new NinepWriter('Tattach', 1).u32(fid).u32(NINEP_NO_FID).text('').text('').u32(0)).name,
    );
    assert.equal(fids.filter((name) => name === 'Rattach').length, 1024);
  });
});

describe('a guest with shared files and a second console', () => {
  afterEach(closeWorlds);
  const share = '/local/domain/1/device/9pfs/0';
  const console = '/local/domain/1/device/console/1';
  const guest = plainGuest({
    shares: [{ tag: 'share', path: '/srv/share' }],
    channels: ['org.example.agent'],
    guest: (domain, { config }) => bootLinux(domain, config),
  });

  /** What has passed each ring of the device, since its page was made. */
  async function passed(world: Awaited<ReturnType<typeof openWorld>>, id: string) {
    const page = world
      .observer()
      .pages()
      .find((each) => each.id === id);
    assert.ok(page, `${id} is not seen`);
    const sampler = new PageSampler(page);
    sampler.sample(0);
    return sampler.directions.map(({ layout, counter }) => ({
      name: layout.name,
      sizeBytes: layout.sizeBytes,
      usedBytes: counter.usedBytes,
      prod: counter.prod,
    }));
  }

  it('mounts the share, and reads from it now and then through its rings', async () => {
    const log: string[] = [];
    const world = await openWorld({ domains: [guest], log: (line) => log.push(line) });
    const nodes = await dump(world);
    const value = (path: string) => nodes.get(path)?.value;
    assert.deepEqual(
      [value(`${share}/state`), value(`${share}/version`), value(`${share}/num-rings`)],
      ['4', '1', '1'],
    );
    const back = '/local/domain/0/backend/9pfs/1/0';
    assert.deepEqual(
      ['state', 'versions', 'max-rings', 'max-ring-page-order', 'security_model', 'hotplug-status'].map(
        (name) => value(`${back}/${name}`),
      ),
      ['4', '1', '8', '9', 'none', 'connected'],
    );
    const first = await passed(world, 'device:1:9pfs/0');
    assert.deepEqual(
      first.map(({ name, sizeBytes, usedBytes }) => [name, sizeBytes, usedBytes]),
      [
        ['in', 8192, 0],
        ['out', 8192, 0],
      ],
    );
    // Tversion and Tattach at least.
    assert.ok(first[1]!.prod >= 21 + 27, `${first[1]!.prod} bytes were asked`);
    await world.advance(20 * minuteMs);
    const later = await passed(world, 'device:1:9pfs/0');
    assert.ok(later[0]!.prod > first[0]!.prod + 8192, 'answers went round the ring');
    assert.ok(later[1]!.prod > first[1]!.prod);
    assert.deepEqual(
      log.filter((line) => line.includes('9pfs')),
      [],
    );
  });

  it('answers what is typed at its second console, and leaves the first one alone', async () => {
    const world = await openWorld({ domains: [guest] });
    const nodes = await dump(world);
    assert.equal(nodes.get(`${console}/state`)?.value, '4');
    assert.equal(nodes.get('/local/domain/0/backend/console/1/1/tty')?.value, '/dev/pts/1');
    assert.equal(
      nodes.get('/local/domain/0/backend/console/1/0/state')?.value,
      '1',
      'xenconsoled has no dance',
    );
    const first = await passed(world, 'device:1:console/1');
    await world.advance(10 * minuteMs);
    const later = await passed(world, 'device:1:console/1');
    assert.deepEqual(
      later.map(({ name, sizeBytes, usedBytes }) => [name, sizeBytes, usedBytes]),
      [
        ['in', 1024, 0],
        ['out', 2048, 0],
      ],
    );
    assert.ok(later[0]!.prod > first[0]!.prod + 20, 'lines were typed');
    assert.ok(later[1]!.prod > first[1]!.prod + 60, 'and answered');
  });

  it('closes both, connects them anew, and leaves nothing when they are removed', async () => {
    const world = await openWorld({ domains: [guest] });
    const store = world.openStore();
    const state = async (path: string) => (await store.read(`${path}/state`)).toString();
    for (const device of [share, console]) {
      await store.write(`${device}/state`, '5');
      await world.advance(20_000);
      assert.equal(await state(device), '6');
      await store.write(`${device}/state`, '1');
      await world.advance(20_000);
      assert.equal(await state(device), '4');
    }
    const { toolstack } = world;
    const managed = toolstack.byName('guest')!;
    for (const device of managed.devices.filter(({ kind, devid }) => kind === '9pfs' || devid === 1)) {
      const detached = toolstack.detach(managed, device);
      await world.advance(30_000);
      await detached;
    }
    await assert.rejects(store.read(`${share}/state`), /ENOENT/);
    await assert.rejects(store.read(`${console}/state`), /ENOENT/);
    const plain = await openWorld({ domains: [plainGuest({ guest: guest.guest })] });
    const lentBy1 = (each: typeof world) =>
      each.machine.lent().filter(({ ownerDomid }) => ownerDomid === 1).length;
    assert.equal(lentBy1(world), lentBy1(plain));
    await store.close();
  });

  it('a frontend that sends nonsense is cut off, and its neighbours are served', async () => {
    const log: string[] = [];
    const bad = plainGuest({
      name: 'bad',
      shares: [{ tag: 'share', path: '/srv/share' }],
      guest: (domain) =>
        runDomainFrontends(domain, {
          '9pfs': {
            habits: { published: XenbusState.Connected, closesFirst: 'never', reopens: false },
            make: ({ resources, other }) => ({
              initialise: () => {
                const indexes = resources.share(other.domid, 1);
                const data = resources.share(other.domid, 2);
                indexes.memory.store32(128, 1);
                data.grefs.forEach((gref, page) => indexes.memory.store32(132 + 4 * page, gref));
                // A header that claims 4 GiB.
                data.memory.copyIn(4096, Buffer.alloc(16, 0xff));
                indexes.memory.store32(68, 16);
                return [
                  ['version', 1],
                  ['num-rings', 1],
                  ['ring-ref0', indexes.grefs[0]!],
                  ['event-channel-0', resources.bindUnbound(other.domid).port],
                ];
              },
            }),
          },
        }),
    });
    const world = await openWorld({
      domains: [bad, { ...guest, name: 'good' }],
      log: (line) => log.push(line),
    });
    await world.advance(5 * minuteMs);
    assert.ok(
      log.some((line) => line.includes('A message of 4294967295 bytes came')),
      log.join('\n'),
    );
    const good = await passed(world, 'device:2:9pfs/0');
    assert.ok(good[0]!.prod > 0);
  });
});
