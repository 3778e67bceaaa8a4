/**
 * The hover of a node: what it holds in text and in hex, who may do what, what it means. All of it
 * is foreign text, so it is only ever appended as text or as a code block, and never trusted.
 */
import * as vscode from 'vscode';
import type { NodeDetail } from '../../server/rpc/api';
import { hexLines } from '../fileSystem/hexDump';
import { appendWords } from '../plain';
import { texts } from '../texts';
import { octetsOf, textOf } from '../values';

export function tooltipOf(detail: NodeDetail): vscode.MarkdownString {
  const hover = new vscode.MarkdownString();
  const octets = octetsOf(detail.value);
  hover.appendMarkdown('**');
  hover.appendText(detail.path);
  hover.appendMarkdown('**\n\n');
  const meaning = texts.meaning(detail.meaning);
  if (octets.length === 0) {
    paragraph(hover, 'Empty value');
  } else {
    paragraph(hover, [meaning, texts.bytes(octets.length)].filter(Boolean).join(' · '));
    const text = textOf(octets);
    if (text !== undefined) {
      paragraph(hover, 'As text');
      // All of it: a value has at most 4096 octets, and the hover scrolls.
      hover.appendCodeblock(text, 'text');
    }
    paragraph(hover, 'In hexadecimal');
    hover.appendCodeblock(hexLines(octets).join('\n'), 'text');
  }
  if (detail.meaning?.kind === 'path')
    paragraph(hover, 'The value is a path: “Go to Linked Node” (F12) follows it.');
  for (const sentence of detail.permsText) paragraph(hover, sentence);
  paragraph(hover, `${texts.children(detail.children)}.`);
  return hover;
}

function paragraph(hover: vscode.MarkdownString, text: string): void {
  appendWords(hover, text);
  hover.appendMarkdown('\n\n');
}
