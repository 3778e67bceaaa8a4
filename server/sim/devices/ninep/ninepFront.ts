/**
 * Linux' 9pfs frontend (net/9p/trans_xen.c) and what is above it: the guest mounts the share when it is
 * connected, and looks into a folder and reads a file of it now and then.
 */
import type { FrontendKind } from '../../../xenbus/bus';
import type { DeviceEnd } from '../../../xenbus/deviceEnd';
import type { Entries } from '../../../xenbus/nodes';
import { RingWorker } from '../../../xenbus/rings/ringWorker';
import {
  NINEP_NO_FID,
  NINEP_NO_TAG,
  NINEP_QID_BYTES,
  NINEP_VERSION,
  NinepReader,
  NinepType,
  NinepWriter,
  ninepHeader,
} from '../../../wire/ninep/messages';
import { XenbusState } from '../../../wire/xenbusState';
import type { Domain } from '../../domain';
import { deviceSteps } from '../deviceSteps';
import { Traffic } from '../traffic';
import { MessageEnd } from './messageEnd';
import { shareNinep } from './ninepRings';

/** Four pages of data: 8 KiB each way. A small guest needs no more. */
const ringOrder = 2;
/** Of one file; a server that never comes to its end is left. */
const maxReads = 64;
const everyMs = { least: 30_000, most: 100_000 };
const rootFid = 0;
const fileFid = 1;
/** One request at a time, so one tag does. */
const tag = 1;
const paths = [['README'], ['backup'], ['backup', 'last'], ['backup', 'log']] as const;

/** Asks, and is given each answer; what goes wrong ends it. */
type Talk = Generator<NinepWriter, void, NinepReader>;

export const linuxNinepfront = (domain: Domain): FrontendKind => ({
  habits: { published: XenbusState.Initialised, closesFirst: 'ifUsed', reopens: false },
  make: (device) => {
    const share = new NinepFront(domain, device);
    return {
      initialise: () => share.share(),
      connected: () => share.start(),
      disconnect: () => share.stop(),
      event: () => share.look(),
    };
  },
});

class NinepFront {
  readonly #domain: Domain;
  readonly #device: DeviceEnd;
  readonly #traffic: Traffic;
  #end: MessageEnd | undefined;
  #worker: RingWorker | undefined;
  #talk: Talk | undefined;
  #sizeBytes = 0;
  #msizeBytes = 0;
  #isMounted = false;

  constructor(domain: Domain, device: DeviceEnd) {
    this.#domain = domain;
    this.#device = device;
    this.#traffic = new Traffic(domain, everyMs, () => {
      if (!this.#talk && this.#isMounted) this.#begin(this.#readOne(domain.random.pick(paths)));
    });
  }

  share(): Entries {
    const { ring, sizeBytes, entries } = shareNinep(this.#device, ringOrder);
    this.#sizeBytes = sizeBytes;
    this.#talk = undefined;
    this.#isMounted = false;
    const end = (this.#end = new MessageEnd({
      ring,
      maxMessageBytes: sizeBytes,
      onMessage: (reply) => this.#take(reply),
    }));
    this.#worker = new RingWorker(
      deviceSteps(this.#domain, this.#device),
      () => end.work(),
      (error) => this.#domain.log(`${this.#device.path}: ${error.message}`),
    );
    return entries;
  }

  start(): void {
    this.#begin(this.#mount());
    this.#traffic.start();
  }

  stop(): void {
    this.#traffic.stop();
    this.#worker?.close();
  }

  look(): void {
    this.#worker?.look();
  }

  *#mount(): Talk {
    const version = yield new NinepWriter('Tversion', NINEP_NO_TAG).u32(this.#sizeBytes).text(NINEP_VERSION);
    this.#msizeBytes = version.u32();
    const spoken = version.text();
    if (spoken !== NINEP_VERSION || this.#msizeBytes > this.#sizeBytes) {
      return this.#domain.log(`${this.#device.path}: the server speaks ${spoken}`);
    }
    const user = 0;
    yield new NinepWriter('Tattach', tag).u32(rootFid).u32(NINEP_NO_FID).text('root').text('').u32(user);
    this.#isMounted = true;
  }

  *#readOne(path: readonly string[]): Talk {
    const walk = new NinepWriter('Twalk', tag).u32(rootFid).u32(fileFid).u16(path.length);
    const walked = yield path.reduce((message, name) => message.text(name), walk);
    if (walked.u16() < path.length) return;
    const opened = yield new NinepWriter('Topen', tag).u32(fileFid).u8(0);
    opened.rest(NINEP_QID_BYTES);
    const mostAtOnce = opened.u32();
    for (let [reads, offset] = [0, 0]; reads < maxReads; reads++) {
      const read = yield new NinepWriter('Tread', tag).u32(fileFid).u64(BigInt(offset)).u32(mostAtOnce);
      const count = read.u32();
      if (count === 0) break;
      offset += count;
    }
    yield new NinepWriter('Tclunk', tag).u32(fileFid);
  }

  #begin(talk: Talk): void {
    this.#talk = talk;
    const { value, done } = talk.next(undefined as never);
    if (!done) this.#ask(value);
  }

  #take(reply: Buffer): void {
    const talk = this.#talk;
    if (!talk) return;
    if (ninepHeader(reply)!.type === NinepType.Rerror) {
      this.#domain.log(`${this.#device.path}: ${new NinepReader(reply).text()}`);
      this.#talk = undefined;
      return;
    }
    const { value, done } = talk.next(new NinepReader(reply));
    if (done) this.#talk = undefined;
    else this.#ask(value);
  }

  #ask(request: NinepWriter): void {
    this.#end!.send(request.message());
    this.look();
  }
}
