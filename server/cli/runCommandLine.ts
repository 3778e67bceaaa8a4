/** Runs the command line: usage mistakes exit with 2, and a reader that leaves ends us in peace. */
import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { isReaderGone, readerGone } from './readerGone';
import { EXIT_STORE_ERROR, EXIT_USAGE } from './storeCommand';

export async function runCommandLine(program: Command, argv: readonly string[]): Promise<void> {
  // `xenscope watch / | head -1`: the pipe closes when its reader has seen enough.
  process.stdout.on('error', (error) => {
    if (!isReaderGone(error)) throw error;
    readerGone();
  });
  for (const command of withSubcommands(program)) {
    command.exitOverride();
    command.configureOutput({
      outputError: (text, write) => write(`xenscope: ${mistakeText(text, fullName(command))}\n`),
    });
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    // Commander has said what is wrong; `--help` and `--version` come here as well, with code 0.
    if (!(error instanceof CommanderError)) return endByMistake(error);
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
}

/** What commander says is wrong, as we say it: sentences in one line, and where to look. */
function mistakeText(text: string, command: string): string {
  const [first = '', suggestion] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  const [, similar] = /^\((Did you mean .*\?)\)$/.exec(suggestion ?? '') ?? [];
  return [
    /[.?!]$/.test(sentence) ? sentence : `${sentence}.`,
    ...(similar === undefined ? [] : [similar]),
    `See ${command} --help.`,
  ].join(' ');
}

/** `xenscope pvcalls connect`. */
function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

/** Ends at once and never with 0, though a verb may have told Node to live with rejections. */
function endByMistake(error: unknown): never {
  console.error('A mistake of Xenscope:', error);
  process.exit(EXIT_STORE_ERROR);
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
