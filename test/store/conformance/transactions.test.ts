import { describeOnOurs } from './ours';

describeOnOurs('transactions');
