/** What an editor knows of one PV Calls device, by the frames that it was sent. */
import type { PvCallsDeviceState, PvCallsSocketRow } from '../../../server/rpc/api';
import { eventually } from './dom0';
import { type JoinedEditor, machine } from './editor';

/** As often as a machine can look that is emulated, and still do something else. */
const lookMs = 100;

export class PvCallsScreen {
  /** As of the last frame; undefined while there is no such device. */
  state: PvCallsDeviceState | undefined;
  readonly #rows = new Map<string, PvCallsSocketRow>();
  #frames = 0;

  private constructor(editor: JoinedEditor) {
    editor.on('xenscope/pvcallsDeviceFrame', ({ frame }) => {
      this.state = frame?.state;
      if (!frame || frame.whole) this.#rows.clear();
      if (!frame) return;
      // Before that nobody has looked at its command ring.
      if (frame.state.row.ring !== undefined) this.#frames++;
      for (const row of frame.sockets) this.#rows.set(row.key, row);
      for (const { key, in: into, out } of frame.moved) {
        const row = this.#rows.get(key)!;
        this.#rows.set(key, {
          ...row,
          ...(row.in && { in: { ...row.in, ...into } }),
          ...(row.out && { out: { ...row.out, ...out } }),
        });
      }
      for (const key of frame.gone) this.#rows.delete(key);
    });
  }

  /** The one view of a connected editor, of the device with this frontend. Resolves when its calls were looked at. */
  static async open(editor: JoinedEditor, frontend: string): Promise<PvCallsScreen> {
    const screen = new PvCallsScreen(editor);
    await editor.ask('xenscope/pvcallsView', { host: machine, device: frontend, intervalMs: lookMs });
    await screen.frames(1);
    return screen;
  }

  /** The oldest first. */
  get rows(): readonly PvCallsSocketRow[] {
    return [...this.#rows.values()];
  }

  /** Looks at what the frames tell, until there is what is asked for; rejects with what they told instead. */
  async until<T>(look: (rows: readonly PvCallsSocketRow[]) => T | undefined | false): Promise<T> {
    try {
      return await eventually(() => look(this.rows));
    } catch (cause) {
      const { rows, state } = this;
      throw new Error(
        `Not told in ${this.#frames} frames: ${String(look)}. ${JSON.stringify({ rows, state })}`,
        {
          cause,
        },
      );
    }
  }

  /** Resolves when so many more have come. */
  async frames(count: number): Promise<void> {
    const begin = this.#frames;
    await eventually(() => this.#frames >= begin + count);
  }
}
