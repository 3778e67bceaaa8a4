/** Each request of the protocol as the call of libxenstore that asks the same, and its answer as a reply. */
import { splitStrings } from '../../server/store/client/payload';
import type { XsErrorName } from '../../server/wire/errno';
import { xsErrors } from '../../server/wire/errno';
import type { XsMessage } from '../../server/wire/xsMessage';
import { XsType } from '../../server/wire/xsMessage';
import { formatXsPerm, parseXsPerm } from '../../server/wire/xsPerms';
import { CallFailed } from './libraryCalls';
import type { StoreCalls } from './libraryCalls';

/** Domain numbers and ports beyond this are no numbers that the calls take. */
const maxNumber = 0xffff_ffff;

type Operation = (calls: StoreCalls, request: Asked) => Promise<string | Buffer>;

interface Asked {
  readonly txId: number;
  /** The strings of the payload. */
  readonly words: readonly string[];
  readonly payload: Buffer;
}

const ok = 'OK\0';

const operations: Readonly<Record<number, Operation>> = {
  [XsType.DIRECTORY]: async (calls, { txId, words: [path] }) =>
    joined(await calls.directory(txId, mustBe(path))),
  [XsType.READ]: (calls, { txId, words: [path] }) => calls.read(txId, mustBe(path)),
  [XsType.WRITE]: async (calls, { txId, words: [path], payload }) => {
    await calls.write(txId, mustBe(path), payload.subarray(payload.indexOf(0) + 1));
    return ok;
  },
  [XsType.MKDIR]: async (calls, { txId, words: [path] }) => done(calls.mkdir(txId, mustBe(path))),
  [XsType.RM]: async (calls, { txId, words: [path] }) => done(calls.rm(txId, mustBe(path))),
  [XsType.GET_PERMS]: async (calls, { txId, words: [path] }) =>
    joined((await calls.getPerms(txId, mustBe(path))).map(formatXsPerm)),
  [XsType.SET_PERMS]: async (calls, { txId, words: [path, ...perms] }) =>
    done(calls.setPerms(txId, mustBe(path), perms.map(permOf))),
  [XsType.WATCH]: async (calls, { words: [path, token] }) => done(calls.watch(mustBe(path), mustBe(token))),
  [XsType.UNWATCH]: async (calls, { words: [path, token] }) =>
    done(calls.unwatch(mustBe(path), mustBe(token))),
  [XsType.TRANSACTION_START]: async (calls) => `${await calls.startTransaction()}\0`,
  [XsType.TRANSACTION_END]: async (calls, { txId, words: [letter] }) =>
    done(calls.endTransaction(txId, letter === 'F')),
  [XsType.INTRODUCE]: async (calls, { words: [domid, gfn, port] }) =>
    done(calls.introduce(numberOf(domid), numberOf(gfn), numberOf(port))),
  [XsType.RELEASE]: async (calls, { words: [domid] }) => done(calls.release(numberOf(domid))),
  [XsType.RESUME]: async (calls, { words: [domid] }) => done(calls.resume(numberOf(domid))),
  [XsType.SET_TARGET]: async (calls, { words: [domid, target] }) =>
    done(calls.setTarget(numberOf(domid), numberOf(target))),
  [XsType.GET_DOMAIN_PATH]: async (calls, { words: [domid] }) =>
    `${await calls.domainPath(numberOf(domid))}\0`,
  [XsType.IS_DOMAIN_INTRODUCED]: async (calls, { words: [domid] }) =>
    (await calls.isIntroduced(numberOf(domid))) ? 'T\0' : 'F\0',
  [XsType.CONTROL]: async (calls, { words: [command], payload }) =>
    `${await calls.control(mustBe(command), payload.subarray(payload.indexOf(0) + 1))}\0`,
};

/**
 * Answers the reply. Throws CallFailed when the library said no with an errno that no xenstored
 * sends: the connection is gone.
 */
export async function ask(calls: StoreCalls, request: XsMessage): Promise<XsMessage> {
  const { type, reqId, txId, payload } = request;
  const reply = (replyType: number, answer: string | Buffer): XsMessage => ({
    type: replyType,
    reqId,
    txId,
    payload: typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer,
  });
  const operation = operations[type];
  // E.g. RESET_WATCHES: the library has no call for it.
  if (!operation) return reply(XsType.ERROR, 'ENOSYS\0');
  try {
    return reply(type, await operation(calls, { txId, words: splitStrings(payload), payload }));
  } catch (error) {
    const name = nameOf(error);
    if (name === undefined) throw error;
    return reply(XsType.ERROR, `${name}\0`);
  }
}

/** Text goes to C as UTF-8: what is not plain ASCII would arrive as something else, and is no path anyhow. */
function mustBe(text: string | undefined): string {
  if (text !== undefined && !/[^ -~\t\n\r]/.test(text)) return text;
  throw new CallFailed(xsErrors.EINVAL.errno);
}

function numberOf(text: string | undefined): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= maxNumber) return value;
  throw new CallFailed(xsErrors.EINVAL.errno);
}

function permOf(text: string) {
  const perm = parseXsPerm(text);
  if (perm) return perm;
  throw new CallFailed(xsErrors.EINVAL.errno);
}

async function done(work: Promise<void>): Promise<string> {
  await work;
  return ok;
}

function joined(texts: readonly string[]): string {
  return texts.map((text) => `${text}\0`).join('');
}

function nameOf(error: unknown): XsErrorName | undefined {
  if (!(error instanceof CallFailed)) return undefined;
  const names = Object.keys(xsErrors) as XsErrorName[];
  return names.find((name) => xsErrors[name].errno === error.errno);
}
