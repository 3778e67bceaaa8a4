/**
 * The page that carries a domain's xenstore connection: `struct xenstore_domain_interface` of
 * xen/include/public/io/xs_wire.h and docs/misc/xenstore-ring.txt. Two rings of 1024 bytes, `req`
 * from the guest to the server and `rsp` back, each with its free-running indices.
 */
import { layout } from './layout';

export const XS_RING_BYTES = 1024;
export const XS_RING_PAGE_BYTES = 4096;

export const XS_RING_PAGE = layout('xenstore_domain_interface', 'xen/include/public/io/xs_wire.h', 4096, {
  req_cons: [2048, 4, 'How far the server has read the requests.'],
  req_prod: [2052, 4, 'How far the guest has written requests.'],
  rsp_cons: [2056, 4, 'How far the guest has read the replies.'],
  rsp_prod: [2060, 4, 'How far the server has written replies.'],
  server_features: [2064, 4, 'What the server offers; the guest never writes it.'],
  connection: [2068, 4, '0 connected; 1 the guest asks for a reconnect, the server ends it by 0.'],
  error: [2072, 4, 'Why the server gave the connection up; valid if it offers the error feature.'],
  evtchn_port: [2076, 4, 'Event channel set by Xen or the toolstack before the guest runs; 0 unused.'],
});

/** Where the byte arrays begin in the page. */
export const XS_REQ_OFFSET = 0;
export const XS_RSP_OFFSET = 1024;

/** Values of `server_features`; they may be or-ed. */
export const XsRingFeature = {
  /** The guest may ask for a reconnect through `connection`. */
  RECONNECTION: 1,
  /** The server says in `error` why it gave up. */
  ERROR: 2,
  WATCH_DEPTH: 4,
  /** Permissions may name 0x7ff5, every domain. */
  DOMID_ANY: 8,
} as const;

export const XsRingConnection = { CONNECTED: 0, RECONNECT: 1 } as const;

export const XsRingError = {
  NONE: 0,
  COMM: 1,
  RINGIDX: 2,
  PROTO: 3,
} as const;

const errorMeanings: Readonly<Record<number, string>> = {
  [XsRingError.NONE]: 'no error',
  [XsRingError.COMM]: 'communication problem',
  [XsRingError.RINGIDX]: 'the indices of a ring cannot be',
  [XsRingError.PROTO]: 'a message broke the protocol',
};

/** The error word in plain words, for any value. */
export function xsRingErrorMeaning(error: number): string {
  return errorMeanings[error] ?? `error ${error}, which no document names`;
}

/** The features in plain words, in the order of their bits; unknown bits are shown as numbers. */
export function xsRingFeatureNames(features: number): string[] {
  const known = [
    [XsRingFeature.RECONNECTION, 'reconnection'],
    [XsRingFeature.ERROR, 'error word'],
    [XsRingFeature.WATCH_DEPTH, 'watch depth'],
    [XsRingFeature.DOMID_ANY, 'permissions for every domain'],
  ] as const;
  const names: string[] = known.filter(([bit]) => (features & bit) !== 0).map(([, name]) => name);
  const rest = (features & ~0xf) >>> 0;
  return rest === 0 ? names : [...names, `0x${rest.toString(16)}`];
}

/** All features in one line, for a person; undefined where there is none. */
export function xsRingFeaturesText(features: number): string | undefined {
  if (features === 0) return undefined;
  const names = xsRingFeatureNames(features).join(', ');
  // A simulated store may offer it, and so does oxenstored: nobody shall take it for what every Xen has.
  const offersReconnection = (features & XsRingFeature.RECONNECTION) !== 0;
  return offersReconnection ? `${names}; C xenstored itself never offers reconnection` : names;
}
