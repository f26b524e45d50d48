// Calling everybody, by the server's rules.

const CODE = /(```|~~~)[^]*?(\1|$)|`[^`\n]*`/g;
const CALLS_ALL = /(?:^|[^\p{L}\p{N}@/.+=-])@(?:all|here)[._-]*(?![\w.-])/iu;

/** Whether a text would call all members, or those who are online, if its writer may. */
export const callsAll = (text: string): boolean => text.includes("@") && CALLS_ALL.test(text.replace(CODE, " "));
