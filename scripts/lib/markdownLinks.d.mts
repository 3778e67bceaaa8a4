type IsThere = (name: string) => boolean;
export function brokenLinks(text: string, isThere: IsThere): string[];
export function withoutBrokenLinks(text: string, isThere: IsThere): string;
