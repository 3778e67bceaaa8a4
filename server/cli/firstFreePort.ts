/** The first port that somebody who is not root may bind on this machine; 1024 where it does not say. */
import { readFileSync } from 'node:fs';

const usualPort = 1_024;

export function firstFreePort(file = '/proc/sys/net/ipv4/ip_unprivileged_port_start'): number {
  try {
    const text = readFileSync(file, 'latin1').trim();
    return /^[0-9]{1,5}$/.test(text) ? Number(text) : usualPort;
  } catch {
    return usualPort;
  }
}
