import { createSignal } from "solid-js";

import { setPref } from "../../stores/preferences/prefs";

/** What the browser lets this page do; where it knows no notifications, there is nothing to ask for. */
const readPermission = (): NotificationPermission => ("Notification" in window ? Notification.permission : "denied");

const [permission, setPermission] = createSignal(readPermission());
export { permission };

/** Asks for it, if that was not answered yet. Browsers want to see a click for it. */
export async function requestPermission(): Promise<NotificationPermission> {
  setPref("asked", true);
  if (readPermission() === "default") await Notification.requestPermission();
  return setPermission(readPermission());
}
