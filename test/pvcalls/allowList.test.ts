import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { firstFreePort } from '../../server/cli/firstFreePort';
import { AllowList, guardedNetwork } from '../../server/pvcalls/allowList';
import { SocketError } from '../../server/pvcalls/socketError';
import { SimNetwork } from '../../server/sim/network/simNetwork';

describe('the allow-list of a backend', () => {
  const allows = (rules: readonly string[] | undefined, host: string, port = 80) =>
    new AllowList(rules).allows({ host, port });

  it('has loopback alone, until somebody says more', () => {
    assert.ok(allows(undefined, '127.0.0.1'));
    assert.ok(allows(undefined, '127.255.1.2'));
    for (const host of ['128.0.0.1', '126.255.255.255', '0.0.0.0', '10.0.0.1', '::1', 'localhost']) {
      assert.ok(!allows(undefined, host), host);
    }
    assert.ok(!allows([], '127.0.0.1'), 'an empty list allows nothing');
  });

  it('has networks, addresses and ports', () => {
    const rules = ['10.1.0.0/16', '192.168.0.7', '192.168.0.8:443', '255.255.255.255/1:22'];
    assert.ok(allows(rules, '10.1.255.255') && !allows(rules, '10.2.0.0'));
    assert.ok(allows(rules, '192.168.0.7', 1) && !allows(rules, '192.168.0.6', 1));
    assert.ok(allows(rules, '192.168.0.8', 443) && !allows(rules, '192.168.0.8', 80));
    assert.ok(allows(rules, '200.0.0.1', 22) && !allows(rules, '100.0.0.1', 22));
    assert.ok(allows(['0.0.0.0/0'], '8.8.8.8'));
  });

  it('lets ports that are root’s be bound only where a rule names them', async () => {
    const list = new AllowList(['127.0.0.0/8', '127.0.0.2:80'], { firstFreePort: 1024 });
    const binds = (host: string, port: number) => list.allows({ host, port }, 'bind');
    assert.deepEqual(
      [1, 53, 80, 1023].map((port) => binds('127.0.0.1', port)),
      [false, false, false, false],
    );
    assert.ok(binds('127.0.0.1', 1024) && binds('127.0.0.1', 0) && binds('127.0.0.2', 80));
    assert.ok(!binds('127.0.0.2', 81) && !binds('10.0.0.1', 8080));
    assert.ok(list.allows({ host: '127.0.0.1', port: 80 }), 'connecting is nothing of the kind');
    const refused: string[] = [];
    const guarded = guardedNetwork(new SimNetwork(), list, (text) => refused.push(text));
    await assert.rejects(guarded.bind({ host: '127.0.0.1', port: 80 }), { errorName: 'EACCES' });
    assert.match(refused.join(), /^A guest may not bind 127\.0\.0\.1:80: /);
    (await guarded.bind({ host: '127.0.0.2', port: 80 })).close();
  });

  it('learns of the machine which ports these are', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ports-'));
    const file = path.join(folder, 'start');
    for (const [text, port] of [
      ['80\n', 80],
      ['0\n', 0],
      ['what?', 1024],
    ] as const) {
      writeFileSync(file, text);
      assert.equal(firstFreePort(file), port);
    }
    rmSync(folder, { recursive: true });
    assert.equal(firstFreePort(file), 1024);
  });

  it('says what is no rule', () => {
    for (const rule of [
      '',
      'localhost',
      '10.0.0.0/33',
      '10.0.0',
      '1.2.3.4:70000',
      '1.2.3.4:',
      '::1/128',
      '*',
    ]) {
      assert.throws(() => new AllowList([rule]), /names no addresses/, rule);
    }
  });

  it('agrees with a look at the bits', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const bitsOf = (numbers: readonly number[]) =>
      numbers.map((each) => each.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (network, host, length) => {
        const list = new AllowList([`${network.join('.')}/${length}`]);
        const isIn = bitsOf(network).slice(0, length) === bitsOf(host).slice(0, length);
        assert.equal(list.allows({ host: host.join('.'), port: 1 }), isIn);
      }),
    );
  });

  it('stands before a network, and tells what it refused', async () => {
    const network = new SimNetwork();
    const refused: string[] = [];
    const guarded = guardedNetwork(network, new AllowList(), (text) => refused.push(text));
    const isRefused = (error: unknown) => error instanceof SocketError && error.errorName === 'EACCES';
    const { signal } = new AbortController();
    await assert.rejects(guarded.connect({ host: '10.0.0.1', port: 80 }, signal), isRefused);
    await assert.rejects(guarded.bind({ host: '0.0.0.0', port: 80 }), isRefused);
    assert.match(refused.join('\n'), /may not connect to 10\.0\.0\.1:80.*\n.*may not bind 0\.0\.0\.0:80/);
    const binding = await guarded.bind({ host: '127.0.0.1', port: 0 });
    binding.close();
    assert.equal(network.listeners, 0);
  });
});
