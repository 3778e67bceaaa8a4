export function makeVsix(folder?: string): Promise<string>;
export const target: string;
export function judgeVsix(file: string): { title: string; wrong: string }[];
