import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defaultQuotas } from '../../server/store/quotas';
import { nodeBytes } from '../../server/store/tree/nodeBytes';
import { Asker, newCore } from './askStore';

const kibibyte = 'x'.repeat(1024);

/** A store in which domain 1 owns /g, and what it is told. */
function oneGuest(quotas: Parameters<typeof newCore>[0]) {
  const log: string[] = [];
  const core = newCore(quotas, (line) => log.push(line));
  const [dom0, guest] = [new Asker(core), new Asker(core, 1)];
  dom0.ask('WRITE', '/g\0');
  dom0.ask('SET_PERMS', '/g\0n1\0');
  return { core, dom0, guest, log, account: core.accounts.of(1) };
}

describe('account', () => {
  it('has the size of the nodes that a domain owns, as C xenstored stores them', () => {
    const { account, guest, dom0 } = oneGuest({});
    const perms = { entries: [{}] } as unknown as Parameters<typeof nodeBytes>[1];
    const home = '/g'.length + nodeBytes('', perms, 0);
    assert.equal(account.nodeBytes, home);
    guest.ask('WRITE', '/g/a/b\0value');
    const a = '/g/a'.length + nodeBytes('', perms, 'b'.length + 1);
    const b = '/g/a/b'.length + nodeBytes('value', perms, 0);
    assert.equal(account.nodeBytes, home + 'a'.length + 1 + a + b);
    dom0.ask('RM', '/g/a\0');
    assert.equal(account.nodeBytes, home);
    assert.equal(account.bytes, home);
  });

  it('has the watches, and what open transactions touched, until they end', () => {
    const { account, guest } = oneGuest({});
    const atFirst = account.bytes;
    guest.ask('WATCH', '/g\0token\0');
    assert.equal(account.bytes, atFirst + '/g'.length + 'token'.length);
    const txId = guest.start();
    guest.ask('READ', '/g\0', txId);
    guest.ask('WRITE', `/g/n\0${kibibyte}`, txId);
    assert.ok(account.bytes > atFirst + kibibyte.length + account.nodeBytes);
    guest.ask('UNWATCH', '/g\0token\0');
    guest.ask('TRANSACTION_END', 'F\0', txId);
    assert.equal(account.bytes, atFirst);
  });

  it('agrees with a recount whatever several domains do, in transactions and when one of them dies', () => {
    const path = fc
      .array(fc.constantFrom('a', 'bb', 'ccc'), { minLength: 1, maxLength: 4 })
      .map((names) => `/${names.join('/')}`);
    const change = fc.oneof(
      fc.tuple(fc.constant('WRITE' as const), path, fc.string({ maxLength: 9, unit: 'grapheme-ascii' })),
      fc.tuple(fc.constantFrom('RM' as const, 'MKDIR' as const, 'READ' as const), path, fc.constant('')),
      fc.tuple(fc.constant('SET_PERMS' as const), path, fc.constantFrom('b1\0', 'b2\0r1\0', 'b0\0w2\0r1\0')),
    );
    const where = fc.constantFrom('plain', 'plain', 'transaction', 'commit', 'abort', 'death');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), where, change), { maxLength: 40 }), (steps) => {
        const core = newCore();
        const askers = [new Asker(core), new Asker(core, 1), new Asker(core, 2)];
        askers[0]!.ask('SET_PERMS', '/\0b0\0');
        const open = new Map<Asker, number>();
        for (const [who, where, [type, at, rest]] of steps) {
          const asker = askers[who]!;
          const txId = open.get(asker);
          if (where === 'death' && who > 0) {
            core.release(core.domains.get(who)!);
            open.delete(asker);
            askers[who] = new Asker(core, who);
          } else if (where === 'commit' || where === 'abort') {
            if (txId) asker.ask('TRANSACTION_END', where === 'commit' ? 'T\0' : 'F\0', txId);
            open.delete(asker);
          } else if (where === 'transaction') {
            if (!txId) open.set(asker, asker.start());
            asker.ask(type, `${at}\0${rest}`, open.get(asker));
          } else {
            asker.ask(type, `${at}\0${rest}`);
          }
          assert.deepEqual(core.store.check(), []);
        }
        for (const asker of askers) asker.session.reset();
        for (const account of core.accounts.all()) assert.equal(account.bytes, account.nodeBytes);
      }),
    );
  });

  it('refuses what is more than a guest may hold, wherever it wants to hold it, and says so once', () => {
    const { account, dom0, guest, log } = oneGuest({ hardMemoryBytes: 4000, softMemoryBytes: 0 });
    assert.equal(guest.ask('WRITE', `/g/a\0${kibibyte}`), 'OK\0');
    assert.equal(guest.ask('WRITE', `/g/b\0${kibibyte}`), 'OK\0');
    assert.equal(guest.ask('WRITE', `/g/c\0${kibibyte}`), 'OK\0');
    assert.equal(guest.ask('WRITE', `/g/d\0${kibibyte}`), 'ENOMEM');
    assert.equal(guest.ask('WRITE', `/g/a\0${kibibyte}${kibibyte.slice(100)}`), 'ENOMEM');
    assert.equal(guest.ask('WATCH', `/g\0${kibibyte}\0`), 'ENOMEM');
    const txId = guest.start();
    assert.equal(guest.ask('READ', '/g/a\0', txId), 'ENOMEM');
    assert.equal(guest.ask('WRITE', `/g/d\0${kibibyte}`, txId), 'ENOMEM');
    guest.ask('TRANSACTION_END', 'F\0', txId);
    assert.deepEqual(log, [
      'Domain 1 holds 3.9 KiB in the store, all that it may: more is refused with ENOMEM, and while it holds that much its requests wait.',
    ]);
    // Less is always possible, and so is reading.
    assert.equal(guest.ask('WRITE', '/g/a\0less'), 'OK\0');
    assert.equal(guest.ask('READ', '/g/b\0'), kibibyte);
    assert.equal(guest.ask('WRITE', `/g/a\0${kibibyte}`), 'OK\0');
    // Domain 0 is bound by no quota of a guest, nor by one of its own.
    assert.equal(dom0.ask('WRITE', `/g/a\0${kibibyte.repeat(3)}`), 'OK\0');
    assert.ok(account.isFull);
    for (let n = 0; n < 10; n += 1) assert.equal(dom0.ask('WRITE', `/n${n}\0${kibibyte}`), 'OK\0');
  });

  it("charges a guest's change of somebody else's node to its owner", () => {
    const { core, dom0, guest } = oneGuest({ hardMemoryBytes: 2900, softMemoryBytes: 0 });
    const other = new Asker(core, 2);
    dom0.ask('WRITE', '/shared\0');
    dom0.ask('SET_PERMS', '/shared\0b1\0');
    assert.equal(other.ask('WRITE', `/shared\0${kibibyte}`), 'OK\0');
    assert.equal(guest.ask('WRITE', `/g/a\0${kibibyte}`), 'OK\0');
    assert.equal(other.ask('WRITE', `/shared\0${kibibyte.repeat(2).slice(200)}`), 'ENOMEM');
    assert.equal(core.accounts.of(2).bytes, 0);
  });

  it('tells when a guest holds much, more than it may, and little again, but not at every step about the edge', () => {
    const { account, dom0, log } = oneGuest({
      softMemoryBytes: 2 * 1024 * 1024,
      hardMemoryBytes: 2.5 * 1024 * 1024,
    });
    const megabyte = 1024 * 1024;
    for (let round = 0; round < 3; round += 1) {
      account.hold(2 * megabyte);
      account.hold(-megabyte / 4);
    }
    dom0.ask('RM', '/g\0');
    account.hold(-(account.bytes - megabyte));
    account.hold(megabyte);
    assert.deepEqual(log, [
      'Domain 1 holds 2 MiB in the store; at 2.5 MiB its requests will wait.',
      'Domain 1 holds less than 1.5 MiB in the store again.',
      'Domain 1 holds 2 MiB in the store; at 2.5 MiB its requests will wait.',
    ]);
  });

  it('is bound by the numbers of C xenstored, and by none where those are 0', () => {
    assert.deepEqual(
      [defaultQuotas.hardMemoryBytes, defaultQuotas.softMemoryBytes],
      [2.5 * 1024 * 1024, 2 * 1024 * 1024],
    );
    const { guest, account, log } = oneGuest({ hardMemoryBytes: 0, softMemoryBytes: 0 });
    account.hold(1e12);
    assert.equal(guest.ask('WRITE', `/g/a\0${kibibyte}`), 'OK\0');
    assert.ok(!account.isFull);
    assert.deepEqual(log, []);
  });
});
