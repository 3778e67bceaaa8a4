/** One end of a vchan that a person drives by hand: opened, written to, read from, closed, or ended on purpose. */
import { XenscopeError } from '../host/errors';
import type { Clock } from '../host/clock';
import type { HostProgram, ProgramEnd } from '../host/program';
import { connectVchan } from '../vchan/connect';
import { serveVchan } from '../vchan/serve';
import type { Vchan } from '../vchan/vchan';
import type { VchanEnding, VchanPlan, VchanState } from './vchanPlan';
import { type Taken, VchanReader } from './vchanReader';
import { type VchanNames, closingWords, endedWords, levelsOf, openWords, openingWords } from './vchanWords';

export interface VchanSessionOptions {
  readonly plan: VchanPlan;
  readonly program: HostProgram;
  readonly clock: Clock;
  readonly names: VchanNames;
  /** Makes of a failure to open what a person can do something with. */
  readonly explain: (error: unknown) => Promise<XenscopeError>;
}

export interface Sent {
  readonly sentBytes: number;
  /** Why not all were sent, in one sentence or two; absent where whoever sends has stopped it. */
  readonly problem?: string;
  readonly isStopped?: true;
}

export class VchanSession {
  readonly #options: VchanSessionOptions;
  readonly #cancel = new AbortController();
  /** Never rejects. */
  readonly #opening: Promise<void>;
  #phase: VchanState['phase'] = 'opening';
  #vchan: Vchan | undefined;
  #reader: VchanReader | undefined;
  #over: { readonly text: string; readonly wayOut?: string | undefined } = { text: '' };
  #isWrong = false;
  #isClosing = false;
  /** Of a client: the domain whose pages it maps has ended. */
  #isServerGone = false;
  #unfollow: (() => void) | undefined;
  #sentBytes = 0;
  #sends = 0;
  #isSending = false;

  /** Begins to open it; `state` tells how that goes. */
  constructor(options: VchanSessionOptions) {
    this.#options = options;
    const { program, names } = options;
    program.ended?.addEventListener('abort', this.#onProgramEnded, { once: true });
    this.#admit(`as ${names.own}: ${openingWords(options.plan, names).text}`);
    this.#opening = this.#open();
  }

  get state(): VchanState {
    const { plan, names } = this.#options;
    const { receivedBytes = 0, reads = 0, droppedBytes = 0, isReading = true } = this.#reader ?? {};
    const counts = {
      sent: { bytes: this.#sentBytes, messages: this.#sends },
      received: { bytes: receivedBytes, messages: reads },
      droppedBytes,
      reads: isReading,
    };
    const phase = this.#phase;
    const vchan = this.#vchan;
    if (phase === 'opening' || !vchan) {
      const words = phase === 'opening' ? openingWords(plan, names) : endedWords(this.#over, this.#isWrong);
      return { phase, ...words, ...counts };
    }
    const ring = {
      ring: `vchan:${vchan.role === 'server' ? names.ownDomid : vchan.peerDomid}:${vchan.gref}`,
    };
    if (phase !== 'open') return { phase, ...endedWords(this.#over, this.#isWrong), ...counts, ...ring };
    try {
      const levels = levelsOf(vchan);
      const words = this.#isClosing
        ? closingWords(names)
        : openWords(vchan, names, this.#reader!, this.#isSending);
      return { phase, ...words, ...counts, ...ring, peer: vchan.peer, ...levels };
    } catch (error) {
      // Its memory is gone, and whoever took it has not told us yet.
      if (!(error instanceof XenscopeError)) throw error;
      return {
        phase,
        ...endedWords({ text: error.message, wayOut: error.wayOut }, true),
        ...counts,
        ...ring,
      };
    }
  }

  /** What came since this was asked last. */
  take(): Taken {
    return this.#reader?.take() ?? { bytes: Buffer.alloc(0), droppedBytes: 0 };
  }

  /** Resolves when all is in the ring, when that cannot be, or when the signal is aborted; then it says how far it came. */
  async send(bytes: Uint8Array, signal: AbortSignal): Promise<Sent> {
    const vchan = this.#mustBeOpen();
    if (this.#isSending) {
      throw new XenscopeError('busy', 'Something is still being sent.', {
        wayOut: 'Wait for it, or stop it.',
      });
    }
    this.#isSending = true;
    this.#sends++;
    this.#admit(`sends ${bytes.length} bytes: ${Buffer.from(bytes).toString('hex')}`);
    let sentBytes = 0;
    try {
      while (sentBytes < bytes.length) {
        await vchan.writable({ signal });
        // Where nobody is left who would read it, the write says so.
        const count = Math.min(vchan.isOpen ? vchan.spaceBytes : bytes.length, bytes.length - sentBytes);
        await vchan.write(bytes.subarray(sentBytes, sentBytes + count));
        sentBytes += count;
        this.#sentBytes += count;
      }
      return { sentBytes };
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      if (error.code === 'cancelled') return { sentBytes, isStopped: true };
      return { sentBytes, problem: [error.message, error.wayOut].filter(Boolean).join(' ') };
    } finally {
      this.#isSending = false;
    }
  }

  /** As VchanReader.set. */
  setReading(how: { readonly reads: boolean; readonly keepAll: boolean }): void {
    this.#mustBeOpen();
    if (how.reads !== this.#reader!.isReading) this.#admit(how.reads ? 'reads again' : 'stops reading');
    this.#reader!.set(how);
  }

  /** Safe to call twice. `killed` and `vanished`: simulated hosts only, else it throws a XenscopeError. */
  async end(how: VchanEnding): Promise<void> {
    if (how === 'close') return this.#close();
    const { program, names } = this.#options;
    if (!program.end) {
      throw new XenscopeError('unsupported', 'On a real host an end of a vchan is only closed in order.', {
        wayOut: 'What a crash leaves behind, the simulator shows.',
      });
    }
    if (this.#phase === 'ended' || this.#phase === 'failed') return;
    this.#admit(how);
    this.#end(program.end, how, names);
  }

  #end(end: (how: ProgramEnd) => void, how: ProgramEnd, { own }: VchanNames): void {
    this.#isWrong = true;
    const stays = this.#options.plan.role === 'server' ? ' Its nodes are still in the xenstore.' : '';
    this.#finish({
      text:
        how === 'killed'
          ? `The program in ${own} was killed: its kernel has said for it that it left.${stays}`
          : `The program in ${own} vanished, and nobody was told.${stays}`,
    });
    this.#vchan?.abandon('This end of the vchan was ended on purpose.');
    end(how);
  }

  async #open(): Promise<void> {
    const { plan, program, explain } = this.#options;
    const { signal } = this.#cancel;
    const { path, peer } = plan;
    try {
      const vchan =
        plan.role === 'server'
          ? await serveVchan(program, { ...plan, clientDomid: peer, mustBeFree: true, signal })
          : await connectVchan(program, {
              path,
              serverDomid: peer,
              waits: plan.waits === true,
              ...(plan.engine !== undefined && { engine: plan.engine }),
              signal,
            });
      // Ended meanwhile: nobody wants it any more.
      if (this.#phase !== 'opening' || this.#isClosing) return await vchan.close();
      this.#vchan = vchan;
      this.#reader = new VchanReader(vchan, this.#options.clock, () => this.#giveBackOfDead());
      this.#phase = 'open';
      if (plan.role === 'client') this.#followServer();
    } catch (error) {
      if (this.#phase !== 'opening') return;
      const { message, wayOut } = await explain(error);
      if (this.#phase !== 'opening') return;
      this.#isWrong = true;
      this.#finish({ text: message, wayOut }, 'failed');
      await program.close();
    }
  }

  #followServer(): void {
    const { program, plan } = this.#options;
    this.#unfollow = program.peers?.follow({ domid: plan.peer }, (end) => {
      this.#isServerGone ||= end === 'domainEnded';
      this.#giveBackOfDead();
    });
  }

  /** Xen keeps a domain that has ended for as long as somebody maps a page of it: no longer than there is something to read. */
  #giveBackOfDead(): void {
    const { trouble, isAtEnd } = this.#reader!;
    if (!this.#isServerGone || (!isAtEnd && !trouble)) return;
    const { peer } = this.#options.names;
    const text = trouble
      ? `${trouble.message} ${peer} has ended, and its pages are given back.`
      : `${peer} has ended, and all that it wrote is read: its pages are given back.`;
    this.#isWrong ||= trouble !== undefined;
    const wayOut = 'Open it anew for the domain that takes its place.';
    // What cannot be given back now goes with the program.
    void this.#close({ text, wayOut }).catch(() => undefined);
  }

  async #close(why?: { readonly text: string; readonly wayOut: string }): Promise<void> {
    if (this.#isClosing || this.#phase === 'ended' || this.#phase === 'failed') return;
    this.#isClosing = true;
    const { program, plan } = this.#options;
    this.#admit('closes');
    this.#cancel.abort();
    let over: { text: string; wayOut?: string | undefined } = why ?? {
      text:
        plan.role === 'server' && this.#vchan
          ? 'Closed: the nodes are removed, and pages and doorbell given back.'
          : 'Closed: pages and doorbell are given back.',
    };
    try {
      await this.#vchan?.close();
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      this.#isWrong = true;
      over = { text: `Closed, but its nodes could not be removed. ${error.message}`, wayOut: error.wayOut };
    }
    this.#finish(over);
    // What was just being opened takes back what it has done, and needs the store for it.
    await this.#opening;
    await program.close();
  }

  readonly #onProgramEnded = () => {
    const { own } = this.#options.names;
    this.#isWrong = true;
    this.#finish({ text: `${own} has ended or runs another kernel, and this end went with it.` });
    this.#vchan?.abandon(`${own} has ended.`);
  };

  #finish(over: { text: string; wayOut?: string | undefined }, phase: 'ended' | 'failed' = 'ended'): void {
    // Its domain ended while it was being closed, and has the first word.
    if (this.#phase === 'ended' || this.#phase === 'failed') return;
    this.#options.program.ended?.removeEventListener('abort', this.#onProgramEnded);
    this.#unfollow?.();
    this.#over = over;
    this.#phase = phase;
    this.#cancel.abort();
    this.#reader?.end();
  }

  #mustBeOpen(): Vchan {
    if (this.#phase === 'open' && !this.#isClosing) return this.#vchan!;
    const text =
      this.#phase === 'opening' ? 'This vchan is not open yet.' : 'This vchan is not open any more.';
    throw new XenscopeError('gone', text, { wayOut: 'Open it again.' });
  }

  #admit(text: string): void {
    this.#options.program.admit?.(`vchan console: ${text}`);
  }
}
