// Calling everybody, by the server's rules.

import { mentionedNames } from "./draft-mentions";

/** Whether a text would call all members, or those who are online, if its writer may. */
export const mentionsEveryone = (text: string): boolean => mentionedNames(text).some((name) => /^(?:all|here)$/i.test(name));
