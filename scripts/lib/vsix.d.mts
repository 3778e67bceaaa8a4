export function makeVsix(folder?: string): Promise<string>;
export const target: string;
