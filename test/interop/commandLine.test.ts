import { defineCommandLineSuite } from './commandLineSuite';
import { describeWithDaemons, missingForDaemons } from './daemons/requirements';
import { startDaemon } from './daemons/startDaemon';
import { startOurs } from './ours';

describe('our command line and our server', () => {
  defineCommandLineSuite(startOurs, missingForDaemons() === undefined);
});
describeWithDaemons("our command line and Debian's xenstored", () => {
  defineCommandLineSuite(() => startDaemon('xenstored'), true);
});
describeWithDaemons("our command line and Debian's oxenstored", () => {
  defineCommandLineSuite(() => startDaemon('oxenstored'), true);
});
