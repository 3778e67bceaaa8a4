/** All breakpoints and error filters of a session. They may be set before there is anything to stop. */
import type { Happening } from '../happening';
import { isProblem, type Problem } from './conditions';
import { ErrorFilters } from './errorFilters';
import { parseBreakpoint, type BreakpointText, type OperationBreakpoint } from './operationBreakpoint';

const maxBreakpoints = 1000;

export interface SetBreakpoint {
  readonly id: number;
  /** Why it stops at nothing; undefined for one that is in force. */
  readonly problem: string | undefined;
}

export class Breakpoints {
  readonly errors = new ErrorFilters();
  #operations: OperationBreakpoint[] = [];
  #lastId = 0;

  /** Replaces all breakpoints on operations; answers for each of them, in the same order. */
  setOperations(texts: readonly BreakpointText[]): SetBreakpoint[] {
    this.#operations = [];
    return texts.map((text) => {
      const id = ++this.#lastId;
      const breakpoint = this.#parse(id, text);
      if (isProblem(breakpoint)) return { id, problem: breakpoint.problem };
      this.#operations.push(breakpoint);
      return { id, problem: undefined };
    });
  }

  /** Those that want to stop here. Each is asked, so that each counts. */
  met(happening: Happening): OperationBreakpoint[] {
    return this.#operations.filter((breakpoint) => breakpoint.meets(happening));
  }

  #parse(id: number, text: BreakpointText): OperationBreakpoint | Problem {
    if (this.#operations.length < maxBreakpoints) return parseBreakpoint(id, text);
    return { problem: `There are ${maxBreakpoints} breakpoints already. Remove some.` };
  }
}
