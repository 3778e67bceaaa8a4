/** The page of a domain's first console: `struct xencons_interface` of xen/include/public/io/console.h. */
import { layout } from './layout';

export const CONSOLE_IN_OFFSET = 0;
export const CONSOLE_IN_BYTES = 1024;
export const CONSOLE_OUT_OFFSET = 1024;
export const CONSOLE_OUT_BYTES = 2048;

export const CONSOLE_PAGE = layout('xencons_interface', 'xen/include/public/io/console.h', 4096, {
  in_cons: [3072, 4, 'How far the guest has read what was typed.'],
  in_prod: [3076, 4, 'How far the console daemon has written what was typed.'],
  out_cons: [3080, 4, 'How far the console daemon has read the output.'],
  out_prod: [3084, 4, 'How far the guest has written its output.'],
  connection: [3088, 1, '0 somebody serves the console; 1 nobody does.'],
});
