/** What problems of rings are called, and where they lead. Knows nothing of VS Code. */
import type { RingFinding } from '../../server/rpc/api';
import { byId } from '../problems/subject';
import type { Place, Remedy, Subject } from '../problems/subject';
import { grantOf, labelOf, ringOwner } from './ringTexts';

export interface RingFindings {
  of(host: string): readonly RingFinding[];
  onChange(listener: (host: string) => void): { dispose(): void };
}

export function ringSubject(
  findings: RingFindings,
  domainName: (host: string, domid: number) => string,
): Subject {
  return {
    scheme: 'xenscope-ring',
    nothingWrong:
      'Nothing is wrong with this ring now, or it is gone: the view “Rings” shows those that there are.',
    problems: (host) => byId(findings.of(host), ({ ring }) => ring),
    onChange: (listener) => findings.onChange(listener),
    name: ({ host, id }) => `The ${labelOf(id)} ring of ${domainName(host, ringOwner(id))}${grantOf(id)}`,
    fileName: (id) => `/domain ${ringOwner(id)}/${labelOf(id)}${grantOf(id)}`,
    remedies: ringRemedies,
  };
}

export function openRing({ host, id }: Place): Remedy {
  return { title: 'Open Ring', command: 'xenscope.ring.open', argument: { host, ring: id } };
}

function ringRemedies(place: Place): Remedy[] {
  const open = openRing(place);
  const isStore = place.id.startsWith('xenstore:');
  return isStore ? [open, { ...open, title: 'Reconnect Ring…', command: 'xenscope.ring.reconnect' }] : [open];
}
