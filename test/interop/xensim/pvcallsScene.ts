/** A domain whose programs serve PV Calls with our libraries, a guest of it with our frontend, and an echo on loopback. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { systemClock } from '../../../server/cli/systemClock';
import type { PvCallsFrontend } from '../../../server/pvcalls/frontend/frontend';
import { pvcallsFrontend } from '../../../server/pvcalls/frontend/frontDevice';
import { addDevice, pvcallsDevice } from '../../../server/sim/toolstack/devices';
import { runFrontends } from '../../../server/xenbus/bus';
import { xenbusPorts } from '../../../server/xenbus/ports';
import { ProgramWorld, until } from './kit';

export const host = '127.0.0.1';

export class PvCallsScene {
  private constructor(
    private readonly worlds: ProgramWorld,
    private readonly echo: Server,
    /** The guest. */
    readonly domid: number,
    /** What makes a program part of the domain that serves it. */
    readonly env: NodeJS.ProcessEnv,
  ) {}

  static async open(): Promise<PvCallsScene> {
    const worlds = await ProgramWorld.open();
    const server = await worlds.domain('server');
    const guest = await worlds.domain('guest');
    const store = worlds.world.openStore();
    const device = pvcallsDevice(guest);
    const front = [['backend-id', server] as const, ...device.front.slice(1)];
    await addDevice(store, { ...device, front, backendDomid: server });
    await store.close();
    const echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
    echo.listen(0, host);
    await once(echo, 'listening');
    return new PvCallsScene(worlds, echo, guest, await worlds.environment('server'));
  }

  /** Where the echo listens. */
  get port(): number {
    return (this.echo.address() as AddressInfo).port;
  }

  /** Runs while the guest's frontend is connected. */
  async withFrontend(use: (frontend: PvCallsFrontend) => Promise<void>): Promise<void> {
    const program = this.worlds.world.openProgram(this.domid);
    const ending = new AbortController();
    let frontend: PvCallsFrontend | undefined;
    const kind = pvcallsFrontend({ onConnected: (one) => (frontend = one), reopens: true });
    const ports = xenbusPorts({
      ...program,
      domid: this.domid,
      clock: systemClock,
      signal: ending.signal,
    });
    const running = runFrontends(ports, { pvcalls: kind });
    await until(() => frontend !== undefined);
    try {
      await use(frontend!);
    } finally {
      ending.abort(new Error('the guest ends'));
      await running.catch(() => undefined);
      await program.close();
    }
  }

  /** What comes back for what is said on a new connection to the echo. */
  async echoed(frontend: PvCallsFrontend, text: string): Promise<string> {
    const socket = await frontend.connect({ host, port: this.port });
    socket.write(text);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    await socket.released;
    return String(bytes);
  }

  async close(): Promise<void> {
    this.echo.close();
    await this.worlds.close();
  }
}
