import { ErrorBoundary as SolidErrorBoundary, createEffect, on, type JSX } from "solid-js";

import { t } from "../i18n";
import { visit } from "./router";
import { toast } from "./toast";

/** Keeps to itself what fails within: the rest of the page goes on. */
export function ErrorBoundary(props: {
  /** Of what stands in its place. */
  class?: string;
  /** Takes away what has failed; then nothing stands in its place. */
  onFail?: () => void;
  /** What else than making it anew may help. */
  reload?: boolean;
  children: JSX.Element;
}) {
  function fallback(error: unknown, retry: () => void): JSX.Element {
    console.error(error);
    if (props.onFail) {
      queueMicrotask(() => (props.onFail?.(), retry(), toast(t("failed"), true)));
      return undefined;
    }
    // Elsewhere it may go well.
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
