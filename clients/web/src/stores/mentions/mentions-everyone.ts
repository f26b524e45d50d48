// Calling everybody, by the server's rules.

import { namesIn } from "./draft-mentions";

/** Whether a text would call all members, or those who are online, if its writer may. */
export const callsAll = (text: string): boolean => namesIn(text).some((name) => /^(?:all|here)$/i.test(name));
