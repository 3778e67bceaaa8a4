import { writeFile } from 'node:fs/promises';
import { overview, overviewFile } from './overview';

void overview().then((text) => writeFile(overviewFile, text));
