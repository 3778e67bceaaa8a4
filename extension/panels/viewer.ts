/** Has the server send the frames of one panel while they are wanted, and no longer. */
import type { ApiRequests } from '../../server/rpc/api';
import type { Xenscope } from '../context';
import { type Failure, failureOf } from '../errors';

const connectTimeoutMs = 10_000;
/** What is not there is looked for again this often, while somebody looks: it may come yet, or come back. */
const lookAgainMs = 1_000;

type StopRequest = 'xenscope/ringStop' | 'xenscope/deviceViewStop' | 'xenscope/pvcallsViewStop';

export interface ViewerOptions {
  readonly xenscope: Xenscope;
  readonly host: string;
  readonly isWanted: () => boolean;
  /** Asks for frames. `opened` is called unless nobody wants them any more by then. */
  readonly open: () => Promise<{ readonly viewId: number; readonly opened?: () => void }>;
  readonly stop: StopRequest;
  /** Why none come. */
  readonly failed: (failure: Failure) => void;
}

export class Viewer {
  private id: number | undefined;
  private following = false;
  private isReady = false;
  /** Counts the asks for frames, so that an answer to an older one is given back. */
  private asks = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ViewerOptions) {}

  /** Of the frames that are for this panel; undefined while none are. */
  get viewId(): number | undefined {
    return this.id;
  }

  /** The page hears. What is posted to it before is lost, so nothing is asked for until then. */
  ready(): Promise<void> {
    this.isReady = true;
    return this.look();
  }

  /** Something may have changed: begins or ends. */
  async look(): Promise<void> {
    const { xenscope, host, isWanted, open, failed } = this.options;
    const wanted = this.isReady && isWanted();
    if (wanted === this.following) return;
    this.end();
    if (!wanted) return;
    this.following = true;
    const ask = this.asks;
    try {
      await xenscope.hosts.whenConnected(host, connectTimeoutMs);
      const { viewId, opened } = await open();
      if (ask !== this.asks) return void (await this.tellStop(viewId));
      this.id = viewId;
      opened?.();
    } catch (error) {
      if (ask !== this.asks) return;
      const failure = failureOf(error);
      failed(failure);
      if (failure.code === 'gone') this.lookAgain();
    }
  }

  /** The host came back, perhaps with another server: what was asked for before is forgotten there. */
  begin(): void {
    this.end();
    void this.look();
  }

  end(): void {
    clearTimeout(this.timer);
    this.asks++;
    this.following = false;
    const { xenscope } = this.options;
    const { id } = this;
    this.id = undefined;
    if (id === undefined || xenscope.connection.state.kind !== 'running') return;
    this.tellStop(id).catch(xenscope.report);
  }

  /** The server has ended it by itself: what it showed is gone. */
  ended(): void {
    this.id = undefined;
    this.lookAgain();
  }

  private lookAgain(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.begin(), lookAgainMs);
  }

  private tellStop(viewId: number): Promise<ApiRequests[StopRequest]['result']> {
    return this.options.xenscope.connection.request(this.options.stop, { viewId });
  }
}
