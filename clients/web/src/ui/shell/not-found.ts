// The page of no address, for who is signed in and who is not.

import { MissingPage, lazy } from "../shared/lazy";

export const NotFoundPage = lazy(() => import("./NotFoundPage"), MissingPage);
