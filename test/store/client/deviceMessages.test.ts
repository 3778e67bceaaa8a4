import assert from 'node:assert/strict';
import {
  DeviceMessages,
  maxDeviceMessageBytes,
  messagesIn,
} from '../../../server/store/client/deviceMessages';
import { XsType, encodeXs, parseXs, xsParserStart } from '../../../server/wire/xsMessage';
import type { XsMessage } from '../../../server/wire/xsMessage';

const message = (type: number, reqId: number, text = '', txId = 0): XsMessage => ({
  type,
  reqId,
  txId,
  payload: Buffer.from(text, 'latin1'),
});

/** What a client reads, in words. */
function told(bytes: Buffer | undefined): string | undefined {
  if (!bytes) return undefined;
  const [{ type, reqId, txId, payload }] = parseXs(xsParserStart, bytes).messages as [XsMessage];
  return `${type} #${reqId} tx${txId} ${payload.toString('latin1').replaceAll('\0', '|')}`;
}

describe('messages of the xenbus device', () => {
  let device: DeviceMessages;
  const ask = (...asked: Parameters<typeof message>) => told(device.onRequest(encodeXs(message(...asked))));
  const hear = (...heard: Parameters<typeof message>) => told(device.onReply(message(...heard)));
  beforeEach(() => void (device = new DeviceMessages()));

  it('leave one by one, as they were written', () => {
    const all = [message(XsType.READ, 1, '/a\0'), message(XsType.RESET_WATCHES, 2), message(999, 3, 'x')];
    const bytes = [...messagesIn(Buffer.concat(all.map(encodeXs)))];
    assert.deepEqual(bytes, all.map(encodeXs));
    assert.deepEqual([...messagesIn(Buffer.alloc(0))], []);
  });

  it('are passed on when the kernel takes them well', () => {
    assert.equal(ask(XsType.READ, 1, '/a\0'), undefined);
    assert.equal(ask(XsType.WATCH, 2, '/a\0token\0'), undefined);
  });

  it('never drop the watches of the kernel itself', () => {
    assert.equal(ask(XsType.RESET_WATCHES, 7, '\0'), '16 #7 tx0 EPERM|');
  });

  it('are refused when they do not fit in the buffer of the kernel', () => {
    const room = maxDeviceMessageBytes - 16;
    assert.equal(ask(XsType.WRITE, 1, `/a\0${'x'.repeat(room - 3)}`), undefined);
    assert.equal(ask(XsType.WRITE, 2, `/a\0${'x'.repeat(room - 2)}`), '16 #2 tx0 E2BIG|');
  });

  it('belong to a transaction that was started on this file and has not ended', () => {
    assert.equal(ask(XsType.TRANSACTION_END, 1, 'T\0', 5), '16 #1 tx5 ENOENT|');
    ask(XsType.TRANSACTION_START, 2, '\0');
    assert.equal(ask(XsType.READ, 3, '/a\0', 5), '16 #3 tx5 ENOENT|');
    assert.equal(hear(XsType.TRANSACTION_START, 2, '5\0'), '6 #2 tx0 5|');
    assert.equal(ask(XsType.READ, 4, '/a\0', 5), undefined);
    assert.equal(ask(XsType.TRANSACTION_END, 5, 'T\0', 5), undefined);
    assert.equal(ask(XsType.TRANSACTION_END, 6, 'T\0', 5), '16 #6 tx5 ENOENT|');
  });

  it('start no transaction when the xenstored refuses', () => {
    ask(XsType.TRANSACTION_START, 2, '\0');
    assert.equal(hear(XsType.ERROR, 2, 'ENOSPC\0'), '16 #2 tx0 ENOSPC|');
    assert.equal(ask(XsType.READ, 3, '/a\0', 5), '16 #3 tx5 ENOENT|');
  });

  it('answer watches by their order, whatever id an old kernel gives', () => {
    ask(XsType.WATCH, 11, '/a\0t\0');
    ask(XsType.UNWATCH, 12, '/a\0t\0');
    assert.equal(hear(XsType.WATCH, 0, 'OK\0'), '4 #11 tx0 OK|');
    assert.equal(hear(XsType.UNWATCH, 12, 'OK\0', 99), '5 #12 tx0 OK|');
  });

  it('forget a watch that was refused, by the errno of the write or by an answer', () => {
    const refused = encodeXs(message(XsType.WATCH, 11, '/a.b\0t\0'));
    device.onRequest(refused);
    assert.equal(told(device.onRefused(refused, 'EINVAL')), '16 #11 tx0 EINVAL|');
    ask(XsType.WATCH, 12, '/a\0t\0');
    assert.equal(hear(XsType.ERROR, 12, 'EACCES\0'), '16 #12 tx0 EACCES|');
    ask(XsType.WATCH, 13, '/b\0t\0');
    assert.equal(hear(XsType.WATCH, 0, 'OK\0'), '4 #13 tx0 OK|');
  });

  it('tell events without what the kernel left in their header', () => {
    assert.equal(hear(XsType.WATCH_EVENT, 0xdead, '/a\0t\0', 0xbeef), '15 #0 tx0 /a|t|');
  });
});
