/**
 * A breakpoint on an operation: `XS_WRITE`, `XS_*`, `XS_WRITE at reply`, `XS_READ dom=3 path=/local/**`,
 * `RING_RECONNECT dom=3`. It stops at the request unless it says `at reply`.
 */
import { nameOf, type Happening } from '../happening';
import { isProblem, parseConditions, pathPattern, type Condition, type Problem } from './conditions';
import { parseHitCount, type HitCount } from './hitCount';
import { breakpointNames, nearestName, operationNames } from './names';

export interface BreakpointText {
  readonly name: string;
  readonly condition?: string | undefined;
  readonly hitCondition?: string | undefined;
}

type Side = 'request' | 'reply';

export class OperationBreakpoint {
  #hits = 0;

  constructor(
    readonly id: number,
    readonly name: string,
    private readonly operation: RegExp,
    private readonly side: Side,
    private readonly conditions: readonly Condition[],
    private readonly hitCount: HitCount,
  ) {}

  /** Counts what it matches; answers whether to stop. */
  meets(happening: Happening): boolean {
    const name = nameOf(happening);
    if (name === undefined || !this.operation.test(name) || !this.#isAtSide(happening)) return false;
    return this.conditions.every((holds) => holds(happening)) && this.hitCount(++this.#hits);
  }

  #isAtSide(happening: Happening): boolean {
    // What is sent unasked has one side only.
    if (happening.kind !== 'message' || happening.message.kind === 'event') return true;
    return happening.message.kind === this.side;
  }
}

/** A breakpoint, or why there can be none. */
export function parseBreakpoint(id: number, text: BreakpointText): OperationBreakpoint | Problem {
  const [name = '', ...rest] = text.name.trim().split(/\s+/);
  const problem = nameProblem(name);
  if (problem) return problem;
  const side = takeSide(rest);
  if (typeof side === 'object') return side;
  const conditions = [parseConditions(rest.join(' ')), parseConditions(text.condition ?? '')];
  const hitCount = text.hitCondition ? parseHitCount(text.hitCondition) : () => true;
  for (const part of [...conditions, hitCount]) if (isProblem(part)) return part;
  return new OperationBreakpoint(
    id,
    text.name.trim(),
    pathPattern(name.toUpperCase()),
    side,
    conditions as Condition[],
    hitCount as HitCount,
  );
}

function nameProblem(name: string): Problem | undefined {
  if (name === '') return { problem: `Name an operation, e.g. ${operationNames.join(', ')}.` };
  const pattern = pathPattern(name.toUpperCase());
  if (breakpointNames.some((known) => pattern.test(known))) return undefined;
  return name.includes('*')
    ? { problem: `No operation is called like “${name}”. XS_* stands for all of them.` }
    : { problem: `There is no operation “${name}”. Did you mean ${nearestName(name)}?` };
}

function takeSide(words: string[]): Side | Problem {
  if (words[0] !== 'at') return 'request';
  const [, side] = words.splice(0, 2);
  if (side === 'request' || side === 'reply') return side;
  return { problem: `“at ${side ?? ''}” is unknown. Write “at request” or “at reply”.` };
}
