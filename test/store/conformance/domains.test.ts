import { describeOnOurs } from './ours';

describeOnOurs('domains');
