import assert from 'node:assert/strict';
import { Asker, newCore } from '../askStore';

describe('control', () => {
  it('lists its commands, each of which works', () => {
    const dom0 = new Asker(newCore());
    const help = dom0.ask('CONTROL', 'help\0');
    assert.equal(help, 'check\t\nprint\t<string>\nhelp\t\n\0');
    assert.equal(dom0.ask('CONTROL', 'check\0'), 'OK\0');
    assert.equal(dom0.ask('CONTROL', 'print\0text\0'), 'OK\0');
  });

  it('prints to the log what cannot harm who reads it', () => {
    const log: string[] = [];
    new Asker(newCore({}, (line) => log.push(line))).ask('CONTROL', 'print\0a\x1b[2J\n\xffb\0');
    assert.deepEqual(log, ['control: a.[2J..b']);
  });

  it('finds accounts that are wrong', () => {
    const log: string[] = [];
    const core = newCore({}, (line) => log.push(line));
    const dom0 = new Asker(core);
    dom0.ask('CONTROL', 'check\0');
    assert.deepEqual(log.splice(0), ['check: the store is in order']);
    core.accounts.of(7).holdNodes(2, 40);
    dom0.ask('CONTROL', 'check\0');
    assert.deepEqual(log, [
      'check: domain 7 owns 0 nodes, 2 counted',
      'check: domain 7 owns nodes of 0 bytes, 40 counted',
      'check: the accounts are wrong',
    ]);
  });

  it('refuses what it does not know, and guests', () => {
    const core = newCore();
    const dom0 = new Asker(core);
    for (const payload of ['', 'check', 'nope\0', 'check\0more\0', 'print\0', 'toString\0', 'help\0me\0']) {
      assert.equal(dom0.ask('CONTROL', payload), 'EINVAL', payload);
    }
    assert.equal(new Asker(core, 1).ask('CONTROL', 'help\0'), 'EACCES');
  });
});
