/** What is wrong with the devices of a host, as the server tells of it, what it is called, and where it leads. */
import type { DeviceFinding } from '../../server/rpc/api';
import type { Server } from '../hosts';
import { byId } from '../problems/subject';
import type { Place, Remedy, Subject } from '../problems/subject';
import { Signal } from '../signal';

export class DeviceFindings {
  private readonly byHost = new Map<string, readonly DeviceFinding[]>();
  private readonly changes = new Signal<string>();

  private followed: string | undefined;

  /** The findings of this host changed. */
  readonly onChange = this.changes.event;

  constructor(
    private readonly server: Server,
    private readonly report: (error: unknown) => void,
  ) {
    server.on('xenscope/deviceFindings', ({ host, findings }) => this.take(host, findings));
    server.onState(({ kind }) => {
      if (kind !== 'running') for (const host of [...this.byHost.keys()]) this.take(host, []);
    });
  }

  of(host: string): readonly DeviceFinding[] {
    return this.byHost.get(host) ?? [];
  }

  /** Has the devices of one host looked at, and of no other: that costs the host a reading of all their nodes. */
  follow(host: string | undefined): void {
    const before = this.followed;
    this.followed = host;
    if (before !== undefined && before !== host) this.ask('xenscope/deviceDoctorStop', before);
    if (host !== undefined) this.ask('xenscope/deviceDoctor', host);
  }

  private ask(what: 'xenscope/deviceDoctor' | 'xenscope/deviceDoctorStop', host: string): void {
    if (this.server.state.kind === 'running') this.server.request(what, { host }).catch(this.report);
  }

  private take(host: string, findings: readonly DeviceFinding[]): void {
    this.byHost.set(host, findings);
    this.changes.fire(host);
  }
}

export function deviceSubject(
  findings: DeviceFindings,
  domainName: (host: string, domid: number) => string,
): Subject {
  return {
    scheme: 'xenscope-device',
    nothingWrong:
      'Nothing is wrong with this device now, or it is gone: the view “Devices” shows those that there are.',
    problems: (host) => byId(findings.of(host), ({ device }) => device),
    onChange: (listener) => findings.onChange(listener),
    name: ({ host, id }) => {
      const { label, domid, isBackend } = placeOf(id);
      const what = isBackend ? `The backend of ${label}` : label;
      return `${what} of ${domid === undefined ? id : domainName(host, domid)}`;
    },
    fileName: (id) => {
      const { label, domid, isBackend } = placeOf(id);
      return `/domain ${domid ?? ''}/${label}${isBackend ? ' (backend)' : ''}`;
    },
    remedies: deviceRemedies,
  };
}

function deviceRemedies({ host, id }: Place): Remedy[] {
  const argument = { host, device: id };
  // What is wrong with the sockets of a guest is seen best where they are.
  const isPvCalls = frontendPattern.exec(id)?.[2] === 'pvcalls';
  return [
    ...(isPvCalls ? [{ title: 'Open PV Calls', command: 'xenscope.pvcalls.open', argument }] : []),
    { title: 'Show Device', command: 'xenscope.device.show', argument },
    { title: 'Open Device', command: 'xenscope.device.open', argument },
    { title: 'Act on the Device…', command: 'xenscope.device.act', argument },
    { title: 'Show in the Tree', command: 'xenscope.reveal', argument: { host, path: id } },
  ];
}

const frontendPattern = /^\/local\/domain\/([0-9]+)\/device\/([^/]+)\/([^/]+)$/;
const backendPattern = /^\/local\/domain\/[0-9]+\/backend\/([^/]+)\/([0-9]+)\/([^/]+)$/;

/** The id of a device is the path of its frontend, or of its backend where that is all there is. */
function placeOf(id: string): {
  readonly label: string;
  readonly domid: number | undefined;
  readonly isBackend: boolean;
} {
  const front = frontendPattern.exec(id);
  if (front) return { label: `${front[2]} ${front[3]}`, domid: Number(front[1]), isBackend: false };
  const back = backendPattern.exec(id);
  if (back) return { label: `${back[1]} ${back[3]}`, domid: Number(back[2]), isBackend: true };
  return { label: 'device', domid: undefined, isBackend: false };
}
