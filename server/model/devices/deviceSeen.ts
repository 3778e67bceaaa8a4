/** What is known of one end of a device while it is followed, and of a device as the doctor judges it. */
import { isXenbusMove } from '../../wire/xenbusDance';
import type { XenbusState } from '../../wire/xenbusState';
import type { XsPerm } from '../../wire/xsPerms';
import type { SidePath } from './devicePaths';
import type { DanceStep, DeviceRow, PublishedNode } from './deviceTypes';
import type { SideNodes } from './sideReader';
import { stateOf } from './sideReader';

/** Of each side; a device that dances for ever forgets the oldest. */
const maxSteps = 64;

/** Where a side says that its other end is, word for word; absent what it does not say. */
export interface NamedEnd {
  readonly path?: string;
  readonly domid?: string;
}

/** What the rules look at. */
export interface DeviceSeen extends Omit<DeviceRow, 'diagnoses'> {
  readonly history: readonly DanceStep[];
  readonly published: Readonly<Record<'frontend' | 'backend', readonly PublishedNode[]>>;
  /** What each side says of the other; absent where the side is not there. */
  readonly naming: Readonly<Partial<Record<'frontend' | 'backend', NamedEnd>>>;
  /** Absent where they may not be read. */
  readonly perms: Readonly<Partial<Record<'frontend' | 'backend', readonly XsPerm[]>>>;
  /** Whether there is such a domain. */
  readonly hasDomain: (domid: number) => boolean;
}

/** Two moves may be seen within one millisecond: `order` says which came first, of whatever side. */
export type OrderedStep = DanceStep & { readonly order: number };

let lastOrder = 0;

export class SideSeen {
  state = 0;
  sinceMs: number | undefined;
  nodes: readonly PublishedNode[] = [];
  perms: readonly XsPerm[] | undefined;
  error: string | undefined;
  readonly steps: OrderedStep[] = [];
  droppedSteps = 0;
  /** Events of its state, counted; one more than what the last reading is sure to cover is one move. */
  #events = 0;
  #covered = 0;

  constructor(readonly path: SidePath) {}

  /** Where the other end is, as this one says. */
  get otherFolder(): string | undefined {
    return this.naming.path;
  }

  get naming(): NamedEnd {
    const other = this.path.side === 'frontend' ? 'backend' : 'frontend';
    const [path, domid] = [this.value(other), this.value(`${other}-id`)];
    return { ...(path === undefined ? {} : { path }), ...(domid === undefined ? {} : { domid }) };
  }

  value(name: string): string | undefined {
    return this.nodes.find((node) => node.name === name)?.value;
  }

  /** How many events of its state there have been. */
  get events(): number {
    return this.#events;
  }

  noteEvent(): void {
    this.#events++;
  }

  /** One that appears while others are followed has been seen from its beginning, `sinceMs`. */
  noteFirst(text: string | undefined, sinceMs: number | undefined): void {
    this.state = stateOf(text);
    this.sinceMs = sinceMs;
  }

  /** Whether the state is another one than before. `eventsBefore`: as many there were when it was asked for. */
  noteState(text: string | undefined, nowMs: number, eventsBefore: number): boolean {
    const { state: from } = this;
    const moves = this.#events - this.#covered;
    this.#covered = eventsBefore;
    this.state = stateOf(text);
    if (this.state === from) return false;
    this.sinceMs = nowMs;
    this.#addStep(nowMs, from as XenbusState, this.state as XenbusState, moves === 1);
    return true;
  }

  noteNodes({ nodes, perms, error }: SideNodes): void {
    this.nodes = nodes;
    this.perms = perms;
    this.error = error;
  }

  #addStep(timeMs: number, from: XenbusState, to: XenbusState, isDirect: boolean): void {
    const { side } = this.path;
    // Nodes that come and go are no moves of a driver.
    const isIllegal = isDirect && from !== 0 && to !== 0 && !isXenbusMove(side, from, to);
    this.steps.push({ timeMs, side, from, to, isDirect, isIllegal, order: ++lastOrder });
    if (this.steps.length <= maxSteps) return;
    this.steps.shift();
    this.droppedSteps++;
  }
}
