import { Show, createEffect, onMount, type JSX } from "solid-js";

import { t } from "../i18n";
import { Logo } from "../shared/Logo";

/** A page for users who are not signed in: a card, with links under it. */
export function AuthPage(props: { title: string; notice?: string | undefined; children: JSX.Element; foot: JSX.Element }) {
  createEffect(() => (document.title = `${props.title} · ${t("appName")}`));
  let card!: HTMLElement;
  // The browser does so by itself for the first page only.
  onMount(() => card.querySelector<HTMLElement>("[autofocus]")?.focus());
  return (
    <main class="auth">
      <div class="auth-brand">
        <Logo />
        <span>{t("appName")}</span>
      </div>
      <section ref={card} class="card auth-card" aria-label={props.title}>
        <h1>{props.title}</h1>
        <Show when={props.notice}>
          <p class="notice" role="status">
            {props.notice}
          </p>
        </Show>
        {props.children}
      </section>
      <p class="auth-foot">{props.foot}</p>
    </main>
  );
}
