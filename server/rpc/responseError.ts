/** Our errors as JSON-RPC carries them: the first sentence as message, the rest as ApiErrorData. */
import { LSPErrorCodes, ErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { XenscopeError } from '../host/errors';
import type { ApiErrorData } from './api';

export function toResponseError(error: unknown): ResponseError<ApiErrorData> {
  if (error instanceof XenscopeError) {
    const { code, storeError, wayOut, message } = error;
    return new ResponseError(numberOf(error), message, { code, storeError, wayOut });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(ErrorCodes.InternalError, `The server met a mistake of its own: ${message}`, {
    code: 'internal',
    wayOut: 'Please report it with the log of the server.',
  });
}

function numberOf({ code }: XenscopeError): number {
  if (code === 'input') return ErrorCodes.InvalidParams;
  return code === 'cancelled' ? LSPErrorCodes.RequestCancelled : LSPErrorCodes.RequestFailed;
}
