export interface System {
  readonly platform: string;
  readonly arch: string;
  /** The text of /etc/os-release. */
  readonly release: string;
}
export function whyNotDebian12(system?: System): string | undefined;
