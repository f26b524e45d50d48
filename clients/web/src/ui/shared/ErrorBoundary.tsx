import { ErrorBoundary as SolidErrorBoundary, createEffect, on, type JSX } from "solid-js";

import { t } from "../i18n";
import { visit } from "./router";
import { toast } from "./toast";

/** Catches errors of its children, so that the rest of the page goes on. */
export function ErrorBoundary(props: {
  /** The class of the fallback. */
  class?: string;
  /** Removes the children that failed; then there is no fallback. */
  onFail?: () => void;
  /** Offers to reload the page instead of rendering again. */
  reload?: boolean;
  children: JSX.Element;
}) {
  function fallback(error: unknown, retry: () => void): JSX.Element {
    console.error(error);
    if (props.onFail) {
      queueMicrotask(() => (props.onFail?.(), retry(), toast(t("failed"), true)));
      return undefined;
    }
    // On another page it may work.
    createEffect(on(visit, retry, { defer: true }));
    return (
      <div class={props.class} role="alert">
        <div class="empty">
          <p>{t("failed")}</p>
          <button type="button" class="button" onClick={() => (props.reload ? location.reload() : retry())}>
            {t(props.reload ? "reload" : "tryAgain")}
          </button>
        </div>
      </div>
    );
  }
  return <SolidErrorBoundary fallback={fallback}>{props.children}</SolidErrorBoundary>;
}
