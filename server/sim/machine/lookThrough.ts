/** The pages behind grants, for somebody who only looks. */
import { memoryOver, type RevocableMemory } from '../../host/bufferMemory';
import type { Grant } from './grantTable';

export interface GrantedView {
  readonly memory: RevocableMemory;
  /** Later uses of the memory throw a XenscopeError `gone` with this reason. */
  close(reason: string): void;
}

/** All pages one behind the other, wherever they lie. */
export function lookThrough(grants: readonly Grant[]): GrantedView {
  const views = new Map([...new Set(grants.map(({ frames }) => frames))].map((it) => [it, it.readOnly()]));
  const parts = grants.map(({ frames, page }) => ({
    ...frames.partOf(page),
    buffer: views.get(frames)!.buffer,
  }));
  const memory = memoryOver(parts, 'read');
  return {
    memory,
    close(reason) {
      memory.revoke(reason);
      for (const view of views.values()) view.close();
    },
  };
}
