// Which page is shown to whom.

import { Match, Show, Suspense, Switch, createEffect, createSignal } from "solid-js";

import { createApp } from "../state/app";
import { prefs } from "../state/prefs";
import { SignedIn } from "./frame/SignedIn";
import { Guard } from "./kit/Guard";
import { MissingNotice, MissingPage, lazy } from "./kit/lazy";
import { navigate, route } from "./router";

const LoginPage = lazy(() => import("./auth/LoginPage"), MissingPage);
const RegisterPage = lazy(() => import("./auth/RegisterPage"), MissingPage);

export function Root() {
  const app = createApp();
  const [ended, setEnded] = createSignal(false);
  /** Where to go once signed in. */
  let wanted = "/";

  createEffect(() => {
    const { theme } = prefs();
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  });

  createEffect<string>((before) => {
    const id = app.sessionId();
    const atDoor = route().page === "login" || route().page === "register";
    if (id && atDoor) {
      setEnded(false);
      navigate(wanted, { replace: true });
      wanted = "/";
    }
    if (!id && !atDoor) {
      setEnded(before !== undefined && before !== "");
      wanted = location.pathname;
      navigate("/login", { replace: true });
    }
    return id;
  });

  return (
    <Guard class="center-page" reload>
      <Suspense>
        <Switch>
          <Match when={app.sessionId() !== ""}>
            {/* Another session is another person: nothing of the first may stay. */}
            <Show when={app.sessionId()} keyed>
              <SignedIn app={app} />
            </Show>
          </Match>
          <Match when={route().page === "register"}>
            <RegisterPage app={app} />
          </Match>
          <Match when={true}>
            <LoginPage app={app} ended={ended()} />
          </Match>
        </Switch>
      </Suspense>
      <MissingNotice />
    </Guard>
  );
}
