// Components whose code is loaded when they are first shown. If it cannot be loaded,
// the rest of the page stays as it is: loading is repeated when the browser is online
// again or the user asks for it, and until then there is one notice.

import { Show, createComponent, createMemo, createResource, createSignal, onCleanup, untrack, type Component, type JSX } from "solid-js";

import { t, loaded } from "../i18n";
import { Icon } from "./Icon";

/** Delays between attempts, while there is a network. */
const RETRY_DELAYS_MS = [250, 1_000];

interface MissingChunk {
  readonly retry: () => void;
  /** It shows a placeholder where it would be. */
  readonly hasPlaceholder: boolean;
}

const [missingChunks, setMissingChunks] = createSignal<readonly MissingChunk[]>([]);
/** Whether the server has the version of these pages or a newer one, once it has answered. A reload may then help. */
const [serverVersion, setServerVersion] = createSignal<"same" | "newer">();
const isOutdated = () => serverVersion() === "newer";
/** The loader of each component. The list grows as loaded code brings more of them. */
export const deferredLoaders: (() => Promise<unknown>)[] = [];

/** Tries again whatever is missing. */
export const retryMissing = (): void => untrack(missingChunks).forEach(({ retry }) => retry());
addEventListener("online", retryMissing);

/**
 * `placeholder` is shown where the component would be; without it, only the notice is
 * shown. The component is shown when `texts` are loaded too.
 */
export function lazy<P extends object>(load: () => Promise<{ default: Component<P> }>, placeholder?: (props: P) => JSX.Element, texts = loaded) {
  let component: Component<P> | undefined;
  let loading: Promise<unknown> | undefined;
  const once = () => {
    loading ??= Promise.all([load(), texts()]).then(
      ([module]) => (component = module.default),
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  deferredLoaders.push(once);

  function Lazy(props: P): JSX.Element {
    if (component) return createComponent(component, props);
    const [loaded, { refetch }] = createResource(() => loadWithRetry(once));
    return createMemo(() => {
      if (loaded()) return component && untrack(() => createComponent(component!, props));
      if (loaded.loading) return undefined;
      const chunk = { retry: () => void refetch(), hasPlaceholder: placeholder !== undefined };
      setMissingChunks((all) => [...all, chunk]);
      onCleanup(() => setMissingChunks((all) => all.filter((it) => it !== chunk)));
      return placeholder?.(props);
    }) as unknown as JSX.Element;
  }
  /** Loads the code before it is needed. */
  Lazy.preload = () => once().catch(() => undefined);
  return Lazy;
}

/** Returns whether the code was loaded. */
async function loadWithRetry(load: () => Promise<unknown>): Promise<boolean> {
  for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
    try {
      await load();
      return true;
    } catch (error) {
      console.debug("code that did not come", error);
    }
    if (delayMs === undefined || !navigator.onLine) break;
    await new Promise((over) => setTimeout(over, delayMs));
  }
  void checkVersion();
  return false;
}

/** Files of these pages may be gone from the server. It then has a newer version, with another entry file. */
async function checkVersion(): Promise<void> {
  const entry = document.querySelector<HTMLScriptElement>("script[type=module]")?.src;
  try {
    const answer = await fetch("/", { cache: "no-store" });
    const page = await answer.text();
    if (entry && answer.ok && page.includes('id="root"')) setServerVersion(page.includes(new URL(entry).pathname) ? "same" : "newer");
  } catch {
    // No server, no newer version.
  }
}

/** What to do where something is missing. */
function Missing(props: { class: string; onClose?: () => void }) {
  return (
    <div class={props.class} role="alert">
      <p>{t(isOutdated() ? "newVersion" : "unavailable")}</p>
      <Show when={!isOutdated()}>
        <button type="button" class="button" onClick={retryMissing}>
          {t("tryAgain")}
        </button>
      </Show>
      <Show when={serverVersion()}>
        <button type="button" class="button" onClick={() => location.reload()}>
          {t("reload")}
        </button>
      </Show>
      <Show when={props.onClose}>
        <button type="button" class="icon-button" aria-label={t("close")} title={t("close")} onClick={() => props.onClose?.()}>
          <Icon name="close" />
        </button>
      </Show>
    </div>
  );
}

/** In place of a page that is missing. */
export const MissingPage = () => <Missing class="empty" />;

/** In place of a panel that is missing: what is beside it stays where it is. */
export const MissingPanel = (props: { over: boolean; onClose: () => void }) => (
  <aside class="panel" classList={{ "panel-over": props.over }}>
    <Missing class="empty" onClose={props.onClose} />
  </aside>
);

/** The notice for missing components without a placeholder. */
export function MissingNotice() {
  /** Dismissed ones. The notice is shown again only for others. */
  const [dismissed, setDismissed] = createSignal<readonly MissingChunk[]>([]);
  const hasUndismissed = () => missingChunks().some((chunk) => !dismissed().includes(chunk)) && !missingChunks().some(({ hasPlaceholder }) => hasPlaceholder);
  return (
    <Show when={hasUndismissed()}>
      <Missing class="chunk-error" onClose={() => setDismissed(missingChunks())} />
    </Show>
  );
}
