/** What this adapter can do, and nothing more: each entry has a test that uses it. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { errorFilters } from '../breakpoints/errorFilters';

export function capabilities(): DebugProtocol.Capabilities {
  return {
    supportsConfigurationDoneRequest: true,
    supportsFunctionBreakpoints: true,
    supportsConditionalBreakpoints: true,
    supportsHitConditionalBreakpoints: true,
    supportsExceptionFilterOptions: true,
    exceptionBreakpointFilters: Object.entries(errorFilters).map(
      ([filter, { label, description, isDefault, conditionDescription }]) => ({
        filter,
        label,
        description,
        default: isDefault,
        supportsCondition: conditionDescription !== undefined,
        ...(conditionDescription !== undefined && { conditionDescription }),
      }),
    ),
    supportsExceptionInfoRequest: true,
    supportsEvaluateForHovers: true,
    supportsCompletionsRequest: true,
    completionTriggerCharacters: ['/', '.'],
    supportsSteppingGranularity: true,
    supportsReadMemoryRequest: true,
    supportsDelayedStackTraceLoading: true,
    supportsTerminateRequest: true,
  };
}
