/** A store without bytes: sessions that ask the operations directly and keep the events they get. */
import type { Clock } from '../../server/host/clock';
import { XsType, type XsTypeName } from '../../server/wire/xsMessage';
import { Failure } from '../../server/store/failure';
import { dispatch } from '../../server/store/operations/table';
import { defaultQuotas, type Quotas } from '../../server/store/quotas';
import { Session } from '../../server/store/session';
import { StoreCore } from '../../server/store/storeCore';
import { ManualClock } from './client/support';

export function newCore(
  quotas: Partial<Quotas> = {},
  log: (line: string) => void = failOnBug,
  clock: Clock = new ManualClock(),
): StoreCore {
  return new StoreCore({ ...defaultQuotas, ...quotas }, clock, log);
}

/** The server answers EIO where it meets a bug of its own; a test is to fail. */
function failOnBug(line: string): void {
  if (line.startsWith('bug:')) throw new Error(line);
}

export class Asker {
  readonly session: Session;
  /** `path token` of each event, in order. */
  readonly events: string[] = [];

  constructor(core: StoreCore, domid = 0) {
    const domain = core.domains.add(domid);
    core.introduceQuietly(domain);
    this.session = new Session(core, {
      domain,
      domid,
      privileged: domid === 0,
      sendEvent: (path, token) => this.events.push(`${path} ${token}`),
      disconnect: () => this.session.reset(),
    });
    core.sessions.add(this.session);
  }

  /** The payload of the reply; for an error its name. */
  ask(type: XsTypeName, payload: string, txId = 0): string {
    const bytes = Buffer.from(payload, 'latin1');
    const outcome = dispatch(this.session, XsType[type], txId, bytes, 0, bytes.length);
    return outcome instanceof Failure ? outcome.name : outcome;
  }

  /** Starts a transaction and gives its id. */
  start(): number {
    return parseInt(this.ask('TRANSACTION_START', '\0'), 10);
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }
}
