// What the frame can do that shows nothing.

import "./drops";

export { notifyOfArrivals } from "./notify";
export { createShortcuts } from "./shortcuts";
