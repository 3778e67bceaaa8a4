/** Our native code as a program of a joined domain, and a program of C with libxenvchan in another one. */
import { openNativeHost, type NativeHost } from '../../../native/host';
import { systemClock, systemRandom } from '../../../server/cli/systemClock';
import type { HostProgram } from '../../../server/host/program';
import { dialSocket } from '../../../server/store/client/socketDial';
import { openStoreHost } from '../../../server/store/client/socketHost';
import { vchanPaths } from '../../../server/wire/vchanPath';
import { JoinedProcess } from './joinedProcess';
import { compile, type Program } from './kit';

export class NativeEnds {
  readonly #program: string;
  readonly #hosts = new Set<NativeHost>();

  private constructor(
    readonly joined: JoinedProcess,
    program: string,
  ) {
    this.#program = program;
  }

  /** The first domain is ours, the second theirs. */
  static async open(...names: readonly string[]): Promise<NativeEnds> {
    return new NativeEnds(await JoinedProcess.open(...names), compile('vchan.c', 'xenvchan'));
  }

  get ours(): number {
    return this.joined.domids[0]!;
  }

  get theirs(): number {
    return this.joined.domids[1]!;
  }

  /** Nodes of a server of ours, or of theirs. */
  paths(server: 'ours' | 'theirs', name = '513'): { readonly server: string; readonly client: string } {
    return server === 'ours'
      ? vchanPaths(this.ours, this.theirs, name)!
      : vchanPaths(this.theirs, this.ours, name)!;
  }

  /** A program of our domain, in this process. */
  openProgram(libraries = this.joined.libraries): HostProgram {
    const { joined, ours } = this;
    joined.become(ours);
    const store = openStoreHost({
      dial: dialSocket(joined.storeSocketPath(ours)),
      clock: systemClock,
      random: systemRandom,
    });
    const host = openNativeHost({ store, libraries });
    this.#hosts.add(host);
    return host.openProgram!();
  }

  /** As test/interop/xensim/vchan.c has it: its server, or a client of ours. */
  start(role: 'server' | 'client', sizes: string, ...how: readonly (string | number)[]): Program {
    const { joined, ours, theirs } = this;
    const path = role === 'server' ? this.paths('theirs').server : this.paths('ours').client;
    return joined.start(theirs, this.#program, role, ours, path, sizes, ...how);
  }

  /** What a server of theirs left that was killed. */
  async removeTheirNodes(): Promise<void> {
    const { joined, theirs } = this;
    const host = openStoreHost({
      dial: dialSocket(joined.storeSocketPath(theirs)),
      clock: systemClock,
      random: systemRandom,
    });
    await host.openStore().rm(this.paths('theirs').server);
    await host.close();
  }

  /** The programs of ours end. */
  async endPrograms(): Promise<void> {
    for (const host of this.#hosts) await host.close();
    this.#hosts.clear();
  }

  async close(): Promise<void> {
    await this.endPrograms();
    await this.joined.close();
  }
}
