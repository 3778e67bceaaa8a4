/** What the domains of a host were called last: one that has ended is still the one that it was. */
import type { Hosts } from './hosts';

export class KnownNames {
  /** By domid; of those that were asked for. */
  readonly all: Record<number, string> = {};

  constructor(
    private readonly hosts: Pick<Hosts, 'domains' | 'domainName'>,
    private readonly host: string,
  ) {}

  of(domid: number): string {
    const known = this.all[domid];
    const isThere = this.hosts.domains(this.host).some((one) => one.domid === domid);
    if (known !== undefined && !isThere) return known;
    return (this.all[domid] = this.hosts.domainName(this.host, domid));
  }
}
