// Which page is shown to whom.

import { Match, Show, Suspense, Switch, createEffect, createSignal } from "solid-js";

import { createApp } from "./app";
import { prefs } from "../stores/preferences/prefs";
import { saveReturnPath, takeReturnPath } from "../ui/auth/return-path";
import { NotFoundPage } from "../ui/shell/not-found";
import { t } from "../ui/i18n";
import { ErrorBoundary } from "../ui/shared/ErrorBoundary";
import { MissingNotice, MissingPage, lazy } from "../ui/shared/lazy";
import { navigate, route, entryVisitor, setVisitor } from "../ui/shared/router";

// A reloaded room does not wait for the deferred texts.
const SignedIn = lazy(() => import("../ui/shell/SignedIn"), MissingPage, () => Promise.resolve());
const LoginPage = lazy(() => import("../ui/auth/LoginPage"), MissingPage);
const RegisterPage = lazy(() => import("../ui/auth/RegisterPage"), MissingPage);
const RecoverPage = lazy(() => import("../ui/auth/RecoverPage"), MissingPage);

export function Root() {
  const app = createApp();
  const [hasEnded, setHasEnded] = createSignal(false);

  const isLost = () => route().page === "lost";

  createEffect(() => {
    const { theme } = prefs();
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  });

  // The rest loads while the user fills in the form.
  createEffect(() => app.sessionId() || void LoginPage.preload().then(SignedIn.preload));

  // Signed-in pages set their own title (shell/document-title.ts), and so do sign-in pages.
  createEffect(() => {
    if (!app.sessionId() && isLost()) document.title = `${t("notFound")} · ${t("appName")}`;
  });

  createEffect<string>((before) => {
    const id = app.sessionId();
    const isSignInPage = route().page === "login" || route().page === "register";
    // A recovery link works without signing in. A user who has signed in with it goes on to their rooms.
    const isRecoverPage = route().page === "recover";
    const user = app.session.user?.id ?? "";
    if (id) setVisitor(user);
    if (id && (isSignInPage || (isRecoverPage && before === ""))) {
      setHasEnded(false);
      navigate(takeReturnPath(user), { replace: true });
    }
    // Signing in would not help on a page that does not exist. If the session ends there, the user is told so.
    if (!id && (isRecoverPage || (!before && isLost()))) setVisitor("");
    else if (!id && !isSignInPage) {
      // A user who has signed out gets no notice and no return path.
      const hasSignedOut = Boolean(before) && app.session.hasSignedOut;
      setHasEnded(Boolean(before) && !hasSignedOut);
      saveReturnPath(hasSignedOut ? "/" : location.pathname, entryVisitor());
      setVisitor("");
      navigate("/login", { replace: true });
    }
    return id;
  });

  return (
    <ErrorBoundary class="center-page" reload>
      <Suspense>
        <Switch>
          <Match when={app.sessionId() !== ""}>
            {/* Another session may be another user's: nothing of the first may stay. */}
            <Show when={app.sessionId()} keyed>
              <SignedIn app={app} />
            </Show>
          </Match>
          <Match when={route().page === "register"}>
            <RegisterPage app={app} ended={hasEnded()} />
          </Match>
          <Match when={route().page === "recover"}>
            <RecoverPage app={app} />
          </Match>
          <Match when={isLost()}>
            <main class="center-page">
              <NotFoundPage />
            </main>
          </Match>
          <Match when={true}>
            <LoginPage app={app} ended={hasEnded()} />
          </Match>
        </Switch>
      </Suspense>
      <MissingNotice />
    </ErrorBoundary>
  );
}
