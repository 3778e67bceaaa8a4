/** The ways by which the editor is told of one host. */
import type { DevicePost } from './deviceFeed';
import type { ComposerPost } from './pvcallsComposerFeed';
import type { PvCallsPost } from './pvcallsFeed';
import type { InterceptPost } from './pvcallsInterceptFeed';
import type { RingPost } from './ringFeed';
import type { VchanPost } from './vchanFeed';

export interface HostPosts {
  readonly rings: RingPost & { readonly host: string };
  readonly devices: DevicePost;
  readonly vchans: VchanPost;
  readonly sockets: PvCallsPost;
  readonly composers: ComposerPost;
  readonly intercepts: InterceptPost;
}
