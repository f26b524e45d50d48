// Mentions of everybody, by the server's rules.

import { mentionedNames } from "./draft-mentions";

/** Whether a text mentions all members, or those who are online. */
export const mentionsEveryone = (text: string): boolean => mentionedNames(text).some((name) => /^(?:all|here)$/i.test(name));
