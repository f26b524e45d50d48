// A separate module, since code that is both imported and loaded later would need a
// helper of the bundler, in a file that every room would wait for.

import { copyText } from "../shared/copy";

export const copyCode = (code: string): Promise<boolean> => copyText(code);
