// Debian packages without installing them: apt works on a state of its own, in our cache, as if no
// package were installed. So what comes out does not depend on the machine, and nobody has to be root.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../processes.mjs';
import { Told } from '../progress.mjs';

/** What the packages ask for and what nothing of ours ever calls. */
const useless =
  /^((lib)?python|perl|debconf|adduser|passwd|udev_|ucf_|dpkg_|tar_|media-types|sysvinit|libpam|gcc-12-base)/;

const toldChars = 4_000;

export class Debs {
  #trouble = '';

  constructor(folder) {
    this.archives = path.join(folder, 'debs');
    this.state = path.join(folder, 'apt');
  }

  /**
   * Reads the lists of the machine's package sources anew. One that cannot be had is told only when
   * something is missing then: it may be nobody's business here.
   */
  async update() {
    mkdirSync(path.join(this.archives, 'partial'), { recursive: true });
    mkdirSync(path.join(this.state, 'lists', 'partial'), { recursive: true });
    writeFileSync(path.join(this.state, 'status'), '');
    const { code, output } = await this.#run(['update', '-qq']);
    this.#trouble = code === 0 ? '' : `\napt-get update failed before:\n${output.slice(-toldChars)}`;
  }

  /** The files of these packages and of all that they depend on, whether they are here already or not. */
  async resolve(names) {
    const output = await this.#apt(['install', '-qq', '--yes', '--simulate', ...names]);
    // Inst libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [amd64]) []
    const lines = [...output.matchAll(/^Inst (\S+) \((\S+) .*\[(\w+)\]\)/gm)];
    if (lines.length === 0) throw new Told(`apt-get knows no way to ${names.join(' ')}:\n${output}`);
    const files = lines.map(([, name, version, architecture]) =>
      [name, version.replaceAll(':', '%3a'), `${architecture}.deb`].join('_'),
    );
    return files.filter((file) => !useless.test(file)).sort();
  }

  /** What is there already is not fetched again; half a file is never taken for a whole one. */
  async download(names, onLine) {
    await this.#apt(['install', '--yes', '--download-only', ...names], onLine);
  }

  /** Single packages (`name=version`) into `folder`, without what they depend on. Answers the names of the files. */
  async fetch(names, folder) {
    mkdirSync(folder, { recursive: true });
    const first = await this.#run(['download', ...names], undefined, folder);
    // The lists are as old as the packages that were fetched with them, or not there.
    if (first.code !== 0) {
      await this.update();
      await this.#apt(['download', ...names], undefined, folder);
    }
    return readdirSync(folder).sort();
  }

  async unpack(files, folder, from = this.archives) {
    mkdirSync(folder, { recursive: true });
    for (const file of files) {
      const { code, output } = await run('dpkg', ['-x', path.join(from, file), folder]);
      if (code !== 0) throw new Told(`${file} cannot be unpacked:\n${output}`);
    }
  }

  async #apt(args, onLine, cwd) {
    const { code, output } = await this.#run(args, onLine, cwd);
    if (code === 0) return output;
    throw new Told(`apt-get ${args[0]} failed:\n${output.slice(-toldChars)}${this.#trouble}`);
  }

  #run(args, onLine, cwd) {
    const settings = {
      'Dir::State': this.state,
      'Dir::State::lists': path.join(this.state, 'lists'),
      'Dir::State::status': path.join(this.state, 'status'),
      'Dir::Cache::archives': this.archives,
      'Dir::Cache::pkgcache': '',
      'Dir::Cache::srcpkgcache': '',
      'APT::Install-Recommends': 'false',
      'APT::Architecture': 'amd64',
      // The user that apt would become cannot write to our cache.
      'APT::Sandbox::User': '',
      'Acquire::Retries': '3',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
    return run('apt-get', [...options, ...args], { env, onLine, cwd });
  }
}

/** `qemu-system-x86_1%3a7.2+dfsg-7_amd64.deb` → its name and version. */
export function packageOf(file) {
  const [name, version] = decodeURIComponent(file).split('_');
  return { name, version };
}
