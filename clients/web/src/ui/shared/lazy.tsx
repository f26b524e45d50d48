// Components whose code comes when they are first shown. Where it cannot be
// had, the rest of the page stays as it is: what is missing is tried again when
// the link is back or someone asks for it, and until then it is said once.

import { Show, createComponent, createMemo, createResource, createSignal, onCleanup, untrack, type Component, type JSX } from "solid-js";

import { t, loaded } from "../i18n";
import { Icon } from "./Icon";

/** Between one attempt and the next, while there is a network. */
const RETRY_DELAYS_MS = [250, 1_000];

interface MissingChunk {
  readonly retry: () => void;
  /** It says so itself, where it would be. */
  readonly hasPlaceholder: boolean;
}

const [missingChunks, setMissingChunks] = createSignal<readonly MissingChunk[]>([]);
/** The server answered, and it has these pages or others: what is missing all the same may come with a reload. */
const [serverVersion, setServerVersion] = createSignal<"same" | "newer">();
const isOutdated = () => serverVersion() === "newer";
/** What fetches each of them; grows when what comes may want more. */
export const deferredLoaders: (() => Promise<unknown>)[] = [];

/** Tries again whatever is missing. */
export const retryMissing = (): void => untrack(missingChunks).forEach(({ retry }) => retry());
addEventListener("online", retryMissing);

/**
 * `place` is shown where the component would be; else the notice alone tells of
 * it. It is first shown when `texts` are there too.
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
  /** Before it is wanted. */
  Lazy.preload = () => once().catch(() => undefined);
  return Lazy;
}

/** Whether it has come. */
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

/** Files of these pages may be gone for good: the server then has others, which begin with another file. */
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

/** For all that is missing and has no place to say so. */
export function MissingNotice() {
  /** It was read, and is said again only of something else. */
  const [dismissed, setDismissed] = createSignal<readonly MissingChunk[]>([]);
  const hasUndismissed = () => missingChunks().some((chunk) => !dismissed().includes(chunk)) && !missingChunks().some(({ hasPlaceholder }) => hasPlaceholder);
  return (
    <Show when={hasUndismissed()}>
      <Missing class="chunk-error" onClose={() => setDismissed(missingChunks())} />
    </Show>
  );
}
