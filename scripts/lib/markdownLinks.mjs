// The links and pictures of a page in Markdown that lead to other files of the repository.

const links = /(?<picture>!?)\[(?<label>[^\]]*)\]\((?<target>[^)\s]+)\)/g;

/** `https://…`, `mailto:…`, and places in the page itself, are no files. */
const isFile = (target) => !/^([a-z][a-z0-9+.-]*:|#)/i.test(target);
const fileOf = (target) => target.replace(/^\.\//, '').replace(/#.*$/, '');

/** What the page points to and `isThere(name)` denies. */
export function brokenLinks(text, isThere) {
  return [...text.matchAll(links)]
    .map(({ groups }) => groups.target)
    .filter((target) => isFile(target) && !isThere(fileOf(target)));
}

/** The page with such links as plain text. A picture stays: the words about it would be no picture. */
export function withoutBrokenLinks(text, isThere) {
  return text.replace(links, (whole, picture, label, target) =>
    picture || !isFile(target) || isThere(fileOf(target)) ? whole : label,
  );
}
