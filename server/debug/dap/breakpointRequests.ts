/** Breakpoints and error filters as an editor sets them. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Breakpoints } from '../breakpoints/breakpoints';
import type { ErrorFilters } from '../breakpoints/errorFilters';

export function setFunctionBreakpoints(
  breakpoints: Breakpoints,
  { breakpoints: wanted = [] }: DebugProtocol.SetFunctionBreakpointsArguments,
): DebugProtocol.SetFunctionBreakpointsResponse['body'] {
  return {
    breakpoints: breakpoints.setOperations(wanted).map(({ id, problem }) => ({
      id,
      verified: problem === undefined,
      ...(problem !== undefined && { message: problem, reason: 'failed' as const }),
    })),
  };
}

export function setErrorFilters(
  errors: ErrorFilters,
  { filters = [], filterOptions = [] }: DebugProtocol.SetExceptionBreakpointsArguments,
): DebugProtocol.SetExceptionBreakpointsResponse['body'] {
  errors.clear();
  const wanted = [...filters.map((filterId) => ({ filterId, condition: undefined })), ...filterOptions];
  return {
    breakpoints: wanted.map(({ filterId, condition }) => {
      const problem = errors.activate(filterId, condition);
      return { verified: !problem, ...(problem && { message: problem.problem }) };
    }),
  };
}

/** Editors send the lines of all files that have a breakpoint, whatever they are. */
export function noLineBreakpoints(
  lines: readonly DebugProtocol.SourceBreakpoint[],
): DebugProtocol.SetBreakpointsResponse['body'] {
  const message = 'Xenscope stops at operations, not at lines. Add a function breakpoint, e.g. XS_WRITE.';
  return { breakpoints: lines.map(({ line }) => ({ verified: false, line, message, reason: 'failed' })) };
}
