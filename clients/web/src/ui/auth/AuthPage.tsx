import { Show, createEffect, type JSX } from "solid-js";

import { t } from "../i18n";
import { Mark } from "../kit/Mark";

export function AuthPage(props: { title: string; notice?: string | undefined; children: JSX.Element; foot: JSX.Element }) {
  createEffect(() => (document.title = `${props.title} · ${t("appName")}`));
  return (
    <main class="auth">
      <div class="auth-brand">
        <Mark />
        <span>{t("appName")}</span>
      </div>
      <section class="card auth-card" aria-label={props.title}>
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
