import assert from 'node:assert/strict';
import type { HostInfo, HostState } from '../../server/rpc/api';
import { Hosts } from '../../extension/hosts';
import { KnownNames } from '../../extension/knownNames';
import { FakeServer, settled } from './fakeServer';

const simulator = (state: HostState): HostInfo => ({
  id: 'simulator',
  kind: 'simulator',
  label: 'Simulator',
  state,
  removable: false,
});
const socket = (state: HostState): HostInfo => ({
  id: 'socket-1',
  kind: 'socket',
  label: '/run/x',
  state,
  removable: true,
});
const idle: HostState = { kind: 'idle' };
const connected: HostState = { kind: 'connected' };
const away: HostState = { kind: 'away', reason: 'Nobody listens there.', retryInMs: 1000 };

function open(remembered: Record<string, string> = {}) {
  const server = new FakeServer({
    'xenscope/hosts': () => [simulator(idle), socket(idle)],
    'xenscope/connect': ({ host }) => (host === 'simulator' ? simulator(connected) : socket(connected)),
    'xenscope/disconnect': () => null,
    'xenscope/domains': () => [
      { domid: 0, name: 'Domain-0' },
      { domid: 3, name: 'web' },
    ],
  });
  const reported: unknown[] = [];
  const memory = new Map(Object.entries(remembered));
  const hosts = new Hosts(
    server,
    { get: (key) => memory.get(key), update: (key, value) => memory.set(key, value) },
    (error) => reported.push(error),
  );
  const again: string[] = [];
  hosts.onConnected(({ id }) => again.push(id));
  return { server, hosts, again, memory, reported };
}

describe('hosts', () => {
  it('are asked for when the server runs; the simulator is shown first', async () => {
    const { server, hosts } = open();
    server.become('running');
    await settled();
    assert.deepEqual(
      hosts.list.map(({ id }) => id),
      ['simulator', 'socket-1'],
    );
    assert.equal(hosts.current?.id, 'simulator');
  });

  it('shown last are shown again, unless they are gone', async () => {
    for (const [remembered, shown] of [
      ['socket-1', 'socket-1'],
      ['socket-9', 'simulator'],
    ] as const) {
      const { server, hosts } = open({ 'xenscope.currentHost': remembered });
      server.become('running');
      await settled();
      assert.equal(hosts.current?.id, shown);
    }
  });

  it('tell when they came to be connected, with their domains', async () => {
    const { server, hosts, again } = open();
    server.become('running');
    await settled();
    await hosts.connect('simulator');
    await settled();
    assert.deepEqual(again, ['simulator']);
    assert.equal(hosts.domainName('simulator', 3), 'web (3)');
    assert.equal(hosts.domainName('simulator', 7), 'domain 7');
  });

  it('remember what a domain was called that has ended', async () => {
    const { server, hosts } = open();
    server.become('running');
    await settled();
    await hosts.connect('simulator');
    await settled();
    const names = new KnownNames(hosts, 'simulator');
    assert.deepEqual([names.of(3), names.of(7)], ['web (3)', 'domain 7']);
    server.tell('xenscope/domainsChanged', { host: 'simulator', domains: [{ domid: 7, name: 'till' }] });
    assert.equal(hosts.domainName('simulator', 3), 'domain 3');
    assert.deepEqual([names.of(3), names.of(7)], ['web (3)', 'till (7)']);
  });

  it('are connected again after the server was started again, but not those disconnected by hand', async () => {
    const { server, hosts, again } = open();
    server.become('running');
    await settled();
    await hosts.connect('simulator');
    await hosts.connect('socket-1');
    await hosts.disconnect('socket-1');
    server.become('waiting');
    assert.equal(hosts.current?.state.kind, 'idle');
    assert.equal(hosts.stateOf(hosts.current!).kind, 'connecting', 'a person sees that it comes back');
    server.become('running');
    await settled();
    assert.deepEqual(again, ['simulator', 'socket-1', 'simulator']);
    assert.equal(hosts.find('socket-1')?.state.kind, 'idle');
  });

  it('are not taken for connected while another server starts in place of the one that connected them', async () => {
    const { server, hosts } = open();
    server.become('running');
    await settled();
    await hosts.connect('simulator');
    server.become('starting');
    let isThere = false;
    const waiting = hosts.whenConnected('simulator', 10_000).then(() => (isThere = true));
    await settled();
    assert.ok(!isThere);
    server.become('running');
    await waiting;
  });

  it('that could not be had for a while are connected when they can, if a person wanted them', async () => {
    const { server, hosts } = open();
    server.become('running');
    await settled();
    await hosts.connect('socket-1');
    const gone: HostInfo = { ...socket(idle), unavailable: { kind: 'absent', reason: 'None is here.' } };
    server.tell('xenscope/hostsChanged', { hosts: [simulator(idle), gone] });
    assert.equal(hosts.stateOf(hosts.find('socket-1')!).kind, 'idle');
    server.tell('xenscope/hostsChanged', { hosts: [simulator(idle), socket(idle)] });
    await settled();
    assert.equal(hosts.find('socket-1')?.state.kind, 'connected');
    assert.equal(hosts.find('simulator')?.state.kind, 'idle', 'nobody wanted it');
  });

  it('are asked for once by all who want them at the same time', async () => {
    const { server, hosts } = open();
    server.become('running');
    await settled();
    await Promise.all([hosts.connect('simulator'), hosts.connect('simulator')]);
    assert.equal(server.asked.filter((one) => one.startsWith('xenscope/connect')).length, 1);
    await hosts.connect('simulator');
    assert.equal(server.asked.filter((one) => one.startsWith('xenscope/connect')).length, 2);
  });

  it('are connected quietly once, and never against a person', async () => {
    const { server, hosts } = open();
    server.become('running');
    await settled();
    await hosts.connectQuietly('simulator');
    await hosts.disconnect('simulator');
    server.tell('xenscope/hostsChanged', { hosts: [simulator(idle), socket(idle)] });
    await hosts.connectQuietly('simulator');
    assert.equal(server.asked.filter((one) => one.startsWith('xenscope/connect')).length, 1);
  });

  it('that cannot be opened are not tried by themselves over and over', async () => {
    const { server, hosts } = open();
    server.become('running');
    await settled();
    server.answers['xenscope/connect'] = () => {
      throw new Error('No room for a world.');
    };
    await assert.rejects(hosts.connectQuietly('simulator'), /No room/);
    await hosts.connectQuietly('simulator');
    assert.equal(hosts.stateOf(hosts.current!).kind, 'idle');
  });

  it('are waited for, with a sentence when they are not there', async () => {
    const { server, hosts } = open();
    server.become('running');
    assert.equal((await hosts.whenConnected('simulator', 1000)).id, 'simulator');
    server.answers['xenscope/connect'] = () => socket(away);
    await assert.rejects(hosts.whenConnected('socket-1', 1000), /cannot be reached: Nobody listens there/);
    await assert.rejects(hosts.whenConnected('nobody', 1000), /There is no host “nobody”/);
  });
});
