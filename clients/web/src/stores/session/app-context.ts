// What a page has before anybody is signed in. `app/app.ts` makes it.

import type { Accessor } from "solid-js";

import type { Api } from "../../api/calls";
import type { Session } from "../../sync/session";

export interface AppContext {
  readonly api: Api;
  readonly session: Session;
  /** Empty while nobody is signed in. */
  readonly sessionId: Accessor<string>;
}
