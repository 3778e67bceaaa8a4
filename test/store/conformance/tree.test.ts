import { describeOnOurs } from './ours';

describeOnOurs('tree');
