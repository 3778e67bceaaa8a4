/** What an editor is told of a rule and of errors: plain values, free of imports, compiled for every runtime. */

export interface RuleCheck {
  /** What the rule does, in a sentence; or what is wrong with it. */
  readonly text: string;
  readonly isWrong: boolean;
}

export interface ErrnoRow {
  readonly name: string;
  /** Below zero, as it is answered. */
  readonly ret: number;
  readonly text: string;
}
