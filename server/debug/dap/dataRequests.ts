/** Values, memory and completions as an editor asks for them. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { breakpointNames } from '../breakpoints/names';
import type { Debugger } from '../debugger';
import { completePath, evaluate } from '../evaluate';
import type { Field } from '../field';
import { addressText, parseAddress, readMemory } from '../memory';
import { errors } from './errors';
import type { HeldReferences } from './references';

export function variablesOf(
  held: HeldReferences,
  fields: readonly Field[],
): DebugProtocol.VariablesResponse['body'] {
  return {
    variables: fields.map(({ name, value, type, evaluateName, memoryReference, children }) => ({
      name,
      value,
      variablesReference: children ? held.addValues(children) : 0,
      ...(type !== undefined && { type }),
      ...(evaluateName !== undefined && { evaluateName }),
      ...(memoryReference !== undefined && { memoryReference }),
      presentationHint: { attributes: ['readOnly'] },
    })),
  };
}

export async function evaluateRequest(
  engine: Debugger,
  held: HeldReferences,
  { expression = '', frameId }: DebugProtocol.EvaluateArguments,
): Promise<DebugProtocol.EvaluateResponse['body']> {
  const { store, observer } = engine;
  if (!store) throw errors.noWorld();
  const connection =
    frameId === undefined
      ? engine.connection(engine.lastStop?.connectionId ?? 0)
      : held.frame(frameId).connection;
  const { value, type, memoryReference, children } = await evaluate(expression, {
    store,
    observer,
    connection,
  });
  return {
    result: value,
    variablesReference: children ? held.addValues(children) : 0,
    ...(type !== undefined && { type }),
    ...(memoryReference !== undefined && { memoryReference }),
  };
}

const maxReadBytes = 1024 * 1024;

export function readMemoryRequest(
  { observer }: Debugger,
  { memoryReference = '', offset = 0, count = 0 }: DebugProtocol.ReadMemoryArguments,
): DebugProtocol.ReadMemoryResponse['body'] {
  const start = parseAddress(memoryReference);
  if (start === undefined) throw errors.badAddress(memoryReference);
  const wanted = Math.min(Math.max(Math.trunc(count) || 0, 0), maxReadBytes);
  const from = start + BigInt(Math.trunc(offset) || 0);
  const { address, bytes, unreadableBytes } = readMemory(observer, from, wanted);
  return {
    address: addressText(address),
    ...(bytes.length > 0 && { data: bytes.toString('base64') }),
    ...(unreadableBytes > 0 && { unreadableBytes }),
  };
}

const fieldStarts = ['msg.', 'ring('];

export async function completions(
  { store }: Debugger,
  { text = '', column = 1, line = 1 }: DebugProtocol.CompletionsArguments,
): Promise<DebugProtocol.CompletionsResponse['body']> {
  const before = (text.split('\n')[line - 1] ?? '').slice(0, Math.max(column - 1, 0));
  const [word = ''] = /\S*$/.exec(before) ?? [];
  const found = word.startsWith('/') && store ? await completePath(word, store) : fieldStarts;
  return {
    targets: [...found, ...(word.startsWith('XS') ? breakpointNames : [])]
      .filter((label) => label.startsWith(word))
      .map((label) => ({ label, start: before.length - word.length, length: word.length })),
  };
}
