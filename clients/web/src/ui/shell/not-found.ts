// The page for unknown addresses, whether or not a user is signed in.

import { MissingPage, lazy } from "../shared/lazy";

export const NotFoundPage = lazy(() => import("./NotFoundPage"), MissingPage);
