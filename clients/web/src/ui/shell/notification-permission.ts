import { createSignal } from "solid-js";

import { setPref } from "../../stores/preferences/prefs";

/** What the browser lets this page do; where it knows no notifications, there is nothing to ask for. */
const look = (): NotificationPermission => ("Notification" in window ? Notification.permission : "denied");

const [permission, setPermission] = createSignal(look());
export { permission };

/** Asks for it, if that was not answered yet. Browsers want to see a click for it. */
export async function askToNotify(): Promise<NotificationPermission> {
  setPref("asked", true);
  if (look() === "default") await Notification.requestPermission();
  return setPermission(look());
}
