export function policy(): string;
