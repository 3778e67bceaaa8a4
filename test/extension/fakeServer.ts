/** A server without a process, for the models that speak to one. Requests are answered by `answers`. */
import type { ApiNotifications, ApiRequests } from '../../server/rpc/api';
import type { Server } from '../../extension/hosts';
import { Signal } from '../../extension/signal';

type Answers = { [M in keyof ApiRequests]?: (params: ApiRequests[M]['params']) => ApiRequests[M]['result'] };

export class FakeServer implements Server {
  state: Server['state'] = { kind: 'off' };
  readonly asked: string[] = [];
  private readonly stateChanged = new Signal<{ readonly kind: string }>();
  private readonly handlers = new Map<string, Signal<never>>();

  readonly onState = this.stateChanged.event;

  constructor(readonly answers: Answers) {}

  request<M extends keyof ApiRequests>(
    method: M,
    params: ApiRequests[M]['params'],
  ): Promise<ApiRequests[M]['result']> {
    this.asked.push(`${method} ${JSON.stringify(params)}`);
    const answer = this.answers[method];
    if (!answer) return Promise.reject(new Error(`No answer to ${method}.`));
    return new Promise((resolve) => resolve(answer(params)));
  }

  on<N extends keyof ApiNotifications>(name: N, handle: (params: ApiNotifications[N]) => void) {
    let signal = this.handlers.get(name);
    if (!signal) this.handlers.set(name, (signal = new Signal<never>()));
    return signal.event(handle as (params: never) => void);
  }

  tell<N extends keyof ApiNotifications>(name: N, params: ApiNotifications[N]): void {
    this.handlers.get(name)?.fire(params as never);
  }

  become(kind: Server['state']['kind']): void {
    this.state = { kind };
    this.stateChanged.fire(this.state);
  }
}

/** Lets every answer that is under way arrive. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
