// The day it is, for all that says “today”: a page may be open for weeks.

import { createSignal } from "solid-js";

const midnight = () => new Date().setHours(0, 0, 0, 0);
const [today, setToday] = createSignal(midnight());
/** When this day began; tells when another one does. */
export { today };

const update = () => setToday(midnight());
setInterval(update, 60_000);
// Timers stand still while a machine sleeps.
document.addEventListener("visibilitychange", update);
