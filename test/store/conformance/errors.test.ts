import { describeOnOurs } from './ours';

describeOnOurs('errors');
