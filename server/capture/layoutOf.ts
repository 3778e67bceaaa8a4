/** The layout of a page, whatever it holds. */
import type { ObservedPage } from '../host/observer';
import { deviceLayout } from './deviceLayouts';
import { consolePage, vchanPage, xenstorePage, type PageLayout } from './pageLayouts';

export function layoutOf(page: Pick<ObservedPage, 'kind' | 'ringBytes' | 'device' | 'edition'>): PageLayout {
  switch (page.kind) {
    case 'xenstore':
      return xenstorePage;
    case 'console':
      return consolePage;
    case 'vchan':
      return vchanPage(page.ringBytes ?? [0, 0]);
    case 'device':
      return deviceLayout(page);
  }
}
