/** Who listens in hears every byte of every connection, by process and by socket, and nothing changes by it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../server/cli/systemClock';
import type { StoreTap, TappedConnection } from '../../../server/host/tap';
import { Xenstored } from '../../../server/store/xenstored';
import { eventually } from '../../e2e/eventually';
import { RawConnection, rawFrame } from '../../support/rawConnection';
import { unixDial } from '../../support/unixDial';

interface Heard {
  readonly of: TappedConnection;
  received: Buffer;
  sent: Buffer;
  readonly ends: (string | undefined)[];
}

function listener(): { readonly tap: StoreTap; readonly heard: Heard[] } {
  const heard: Heard[] = [];
  const add = (to: Buffer, bytes: Uint8Array, start: number, end: number) =>
    Buffer.concat([to, bytes.subarray(start, end)]);
  const tap: StoreTap = {
    opened(of) {
      const one: Heard = { of, received: Buffer.alloc(0), sent: Buffer.alloc(0), ends: [] };
      heard.push(one);
      return {
        received: (bytes, start, end) => (one.received = add(one.received, bytes, start, end)),
        sent: (bytes, start, end) => (one.sent = add(one.sent, bytes, start, end)),
        restarted: () => undefined,
        closed: (reason) => one.ends.push(reason),
      };
    },
  };
  return { tap, heard };
}

const request = rawFrame({ type: 'READ', payload: '/|', reqId: 7 });
const answer = rawFrame({ type: 'READ', payload: '', reqId: 7 });

describe('a tapped store', () => {
  it('shows what passes within the process', async () => {
    const { tap, heard } = listener();
    const store = new Xenstored({ clock: systemClock, tap });
    const client = await RawConnection.open(store.connect({ domid: 3 }));
    client.sendBytes(request.subarray(0, 5));
    client.sendBytes(request.subarray(5));
    const reply = await client.receive();
    assert.equal(reply.reqId, 7);
    assert.deepEqual(heard[0]!.of, { transport: 'process', domid: 3, privileged: false });
    assert.deepEqual(heard[0]!.received, request);
    // Domain 3 may not read the root of a fresh store, or may: whatever it got was heard.
    assert.equal(heard[0]!.sent.length, 16 + reply.payload.length);
    await store.close();
    assert.deepEqual(heard[0]!.ends, [undefined]);
  });

  it('shows what passes over a socket', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'xenscope-tap-'));
    const { tap, heard } = listener();
    const store = new Xenstored({ clock: systemClock, tap });
    try {
      const { path: socket } = await store.listen(path.join(folder, 'socket'));
      const client = await RawConnection.open(unixDial(socket));
      client.sendBytes(request);
      await client.receive();
      assert.deepEqual(heard[0]!.of, { transport: 'socket', domid: 0, privileged: true });
      assert.deepEqual(heard[0]!.received, request);
      assert.deepEqual(heard[0]!.sent, answer);
    } finally {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says why a connection was cut off', async () => {
    const { tap, heard } = listener();
    const store = new Xenstored({ clock: systemClock, tap });
    const client = await RawConnection.open(store.connect({ domid: 3 }));
    client.sendBytes(rawFrame({ type: 'READ', payload: '/|', len: 5000 }));
    await eventually('the store cuts it off', () => client.isClosed);
    assert.equal(heard[0]!.ends.length, 1);
    assert.match(heard[0]!.ends[0]!, /broke the protocol/);
    await store.close();
    assert.equal(heard[0]!.ends.length, 1);
  });

  it('lets alone what nobody wants to hear', async () => {
    const store = new Xenstored({ clock: systemClock, tap: { opened: () => undefined } });
    const client = await RawConnection.open(store.connect({ domid: 0 }));
    assert.equal(await client.ask('READ', '/|'), '');
    await store.close();
  });
});
