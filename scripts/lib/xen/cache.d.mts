export function filledOnce(folder: string, fill: (draft: string) => Promise<void>): Promise<void>;
export function markUsed(folder: string): void;
export function removeUnused(prefix: string, folder: string): void;
