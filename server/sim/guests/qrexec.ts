/**
 * A call from one qube to another, as qrexec makes it over a vchan of its own: whoever calls serves it and
 * sends the input, whoever is called connects, runs the service, and sends output and exit code. What goes
 * through domain 0 before, to agree on a port, is not simulated: the port is always the same.
 */
import type { Random } from '../../host/clock';
import type { Vchan } from '../../vchan/vchan';
import {
  QREXEC_HEADER_BYTES,
  QREXEC_VERSION,
  QrexecType,
  parseQrexecHeader,
  qrexecMessage,
} from '../../wire/qrexec';
import type { VchanHabit } from './vchanPeers';

/** The first of the ports that qrexec uses for data. */
export const qrexecDataPort = '513';

interface Message {
  readonly type: number;
  readonly data: Buffer;
}

/** Calls once with this input, and leaves with the answer. */
export function callQrexec(input: (random: Random) => string): VchanHabit {
  return async ({ vchan, domain }) => {
    const { signal } = domain;
    await vchan.write(qrexecMessage(QrexecType.HELLO, QREXEC_VERSION), { signal });
    if ((await readMessage(vchan, signal))?.type !== QrexecType.HELLO) return;
    await vchan.write(qrexecMessage(QrexecType.DATA_STDIN, Buffer.from(input(domain.random), 'latin1')), {
      signal,
    });
    await domain.sleep(300, 900);
    await vchan.write(qrexecMessage(QrexecType.DATA_STDIN), { signal });
    for (let message; (message = await readMessage(vchan, signal));) {
      if (message.type === QrexecType.DATA_EXIT_CODE) return;
    }
  };
}

/** Answers one call: the service turns what it gets into capitals, and its exit code is 0. */
export const answerQrexec: VchanHabit = async ({ vchan, domain }) => {
  const { signal } = domain;
  await vchan.write(qrexecMessage(QrexecType.HELLO, QREXEC_VERSION), { signal });
  if ((await readMessage(vchan, signal))?.type !== QrexecType.HELLO) return;
  for (let message; (message = await readMessage(vchan, signal));) {
    if (message.type !== QrexecType.DATA_STDIN || message.data.length === 0) break;
    await domain.sleep(500, 2000);
    const output = Buffer.from(message.data.toString('latin1').toUpperCase(), 'latin1');
    await vchan.write(qrexecMessage(QrexecType.DATA_STDOUT, output), { signal });
  }
  await vchan.write(qrexecMessage(QrexecType.DATA_STDOUT), { signal });
  await vchan.write(qrexecMessage(QrexecType.DATA_EXIT_CODE, 0), { signal });
  await vchan.peerLeft({ signal });
};

/** Undefined when the other side has left, or says what cannot be. */
async function readMessage(vchan: Vchan, signal: AbortSignal): Promise<Message | undefined> {
  const head = Buffer.alloc(QREXEC_HEADER_BYTES);
  if (!(await vchan.recv(head, { signal }))) return undefined;
  const header = parseQrexecHeader(head);
  if (!header) return undefined;
  const data = Buffer.alloc(header.bytes);
  for (let at = 0; at < data.length;) {
    const count = await vchan.read(data.subarray(at), { signal });
    if (count === 0) return undefined;
    at += count;
  }
  return { type: header.type, data };
}
