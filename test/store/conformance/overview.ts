/** docs/conformance.md, made from the cases themselves. */
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { families } from './cases/all';
import { clientCases } from './cases/client';
import { ringCases } from './cases/rings';

export const overviewFile = path.resolve(__dirname, '../../../docs/conformance.md');

interface Row {
  readonly id: number | string;
  readonly behaviour: string;
  readonly file: string;
  readonly seenOn: readonly string[];
  readonly remark?: string;
}

const oursInAllWays = ['ours in process', 'ours by socket', 'ours by ring'];

export const rows: readonly Row[] = [
  ...Object.entries(families).flatMap(([family, cases]) =>
    cases.map(({ id, behaviour, notOnXen417 }): Row => {
      const file = `test/store/conformance/cases/${family}.ts`;
      if (notOnXen417 !== undefined) {
        return { id, behaviour, file, seenOn: oursInAllWays, remark: notOnXen417 };
      }
      return { id, behaviour, file, seenOn: [...oursInAllWays, 'C xenstored 4.17'] };
    }),
  ),
  ...ringCases.map(({ id, behaviour, alsoOn }): Row => {
    return {
      id,
      behaviour,
      file: 'test/store/conformance/cases/rings.ts',
      seenOn: ['ours by ring', ...alsoOn],
    };
  }),
  ...clientCases.map(({ id, behaviour }): Row => {
    return { id, behaviour, file: 'test/store/conformance/cases/client.ts', seenOn: ['our client'] };
  }),
];

export async function overview(): Promise<string> {
  const numbered = rows
    .filter(({ id }) => typeof id === 'number')
    .sort((a, b) => Number(a.id) - Number(b.id));
  const tables = rows.filter(({ id }) => typeof id === 'string');
  const text = `# Conformance

What our xenstored and our client must do to be taken for the real ones, case by case. Each line is
a test. The cases are written once and run on four servers: our store spoken to in process, our store
by its socket, our store with its guests on ring pages, and the C \`xenstored\` of Debian's Xen 4.17
with its guests there as well. The last run proves the cases right; it is
\`test/interop/conformance.test.ts\` and needs Debian's packages. Case 48, the depth of watches, belongs
to Xen 4.22 and is not there yet.

The cases of the ring pages themselves, 62 to 72, run on our server's end of a ring and, in
\`test/interop/ringConformance.test.ts\`, on those of Debian's daemons that behave so: C \`xenstored\`
offers no reconnection, and \`oxenstored\` has no error word. Case 63 is not asked of \`oxenstored\`
because its reply of 4000 bytes comes from a value that it does not take: it bounds values at 2048 bytes,
also for domain 0. A guest written in C from Xen's header, which
shares nothing with us but the page, judges our server's end in \`test/interop/ringServer.test.ts\`, over
the same ground and under load.

Cases 97 to 99 are not about a xenstored but about the rings of device drivers, where \`ring.h\` keeps the
rules: who is notified, how nobody sleeps through an entry, and how many requests can wait. They are tested
on our arithmetic alone, in [genericRing.test.ts](../test/wire/genericRing.test.ts).

The others are numbered as well, where they are tested: 73 to 83 of vchans in
[conformance.test.ts](../test/vchan/conformance.test.ts), 84 to 96 of PV Calls in
[conformance.test.ts](../test/pvcalls/conformance.test.ts), 100 to 103 of device handshakes in
[suite.ts](../test/xenbus/suite.ts), over our store and over both of Debian's daemons.

This page is generated: \`node --import=tsx test/store/conformance/writeOverview.ts\`.

## Numbered cases

${table('case', numbered)}

## Limits, errors and rules beyond them

${table('about', tables)}

## Where Debian's 4.17 is not the judge

${rows
  .filter(({ remark }) => remark !== undefined)
  .map(({ id, behaviour, remark }) => `- Case ${id}, ${behaviour}: ${remark}`)
  .join('\n')}
`;
  return format(text, { ...(await resolveConfig(overviewFile)), filepath: overviewFile });
}

function table(what: string, lines: readonly Row[]): string {
  const head = `| ${what} | behaviour | cases in | seen on |\n| --- | --- | --- | --- |`;
  const body = lines.map(({ id, behaviour, file, seenOn }) => {
    const link = `[${path.basename(file)}](../${file})`;
    return `| ${id} | ${escaped(behaviour)} | ${link} | ${seenOn.join(', ')} |`;
  });
  return [head, ...body].join('\n');
}

/** Keeps Markdown from reading our words as marks. */
function escaped(text: string): string {
  return text.replace(/[|<>*_]/g, (mark) => `\\${mark}`);
}
