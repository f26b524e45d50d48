// The current day, for texts such as “today”: a page may be open for weeks.

import { createSignal } from "solid-js";

const midnight = () => new Date().setHours(0, 0, 0, 0);
const [today, setToday] = createSignal(midnight());
/** When the current day began; updates at midnight. */
export { today };

const update = () => setToday(midnight());
setInterval(update, 60_000);
// Timers stand still while a machine sleeps.
document.addEventListener("visibilitychange", update);
