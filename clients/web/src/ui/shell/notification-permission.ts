import { createSignal } from "solid-js";

import { setPref } from "../../stores/preferences/prefs";

/** The browser's permission; `denied` if it does not support notifications. */
const readPermission = (): NotificationPermission => ("Notification" in window ? Notification.permission : "denied");

const [permission, setPermission] = createSignal(readPermission());
export { permission };

/** Asks for permission, if it was not answered yet. Browsers require a click for it. */
export async function requestPermission(): Promise<NotificationPermission> {
  setPref("asked", true);
  if (readPermission() === "default") await Notification.requestPermission();
  return setPermission(readPermission());
}
