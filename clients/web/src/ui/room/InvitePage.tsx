import { Match, Show, Switch, createEffect, createResource } from "solid-js";

import { useChat } from "../../stores/chat";
import { acceptedInvite } from "../auth/return-path";
import { explain, t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { createForm } from "../shared/form";
import { FormError } from "../shared/FormError";
import { navigate, roomPath } from "../shared/router";

/** Where an invite link leads: what it is for, and joining by it. */
export default function InvitePage(props: { code: string }) {
  const chat = useChat();
  const [answer] = createResource(
    () => props.code,
    (code) => chat.api.getInvite(code).catch((error: unknown) => error),
  );
  const invitation = () => {
    const it = answer();
    return it && !(it instanceof Error) ? (it as Awaited<ReturnType<typeof chat.api.getInvite>>) : undefined;
  };
  const isRedirecting = () => acceptedInvite.code === props.code && invitation()?.joinedRoomId;
  createEffect(() => {
    const roomId = isRedirecting();
    if (!roomId) return;
    acceptedInvite.code = "";
    navigate(roomPath(roomId), { replace: true });
  });
  const form = createForm(async () => {
    navigate(roomPath((await chat.api.redeemInvite(props.code)).id), { replace: true });
  });
  return (
    <div class="empty">
      <Switch>
        <Match when={!isRedirecting() && invitation()}>
          {(it) => (
            <>
              {/* Who is not in the room may not see its picture. */}
              <Avatar
                id={it().joinedRoomId || it().roomName}
                name={it().roomName}
                photo={chat.room(it().joinedRoomId)?.room.pictureId}
                shape="room"
                size="large"
              />
              <h1 dir="auto">{it().roomName}</h1>
              <Show when={it().roomTopic}>{(topic) => <p dir="auto">{topic()}</p>}</Show>
              <p class="muted">
                {t("members", { count: it().memberCount })} · {t("invitedBy", { name: it().creator.displayName })}
              </p>
              <Show
                when={it().joinedRoomId}
                fallback={
                  <form onSubmit={form.submit}>
                    <FormError text={form.errorText()} />
                    <button class="button button-primary" disabled={form.busy()}>
                      {t("joinRoom")}
                    </button>
                  </form>
                }
              >
                {(roomId) => (
                  <a class="button button-primary" href={roomPath(roomId())}>
                    {t("open")}
                  </a>
                )}
              </Show>
            </>
          )}
        </Match>
        <Match when={answer()}>
          <h1>{explain(answer())}</h1>
          <a class="button" href="/">
            {t("home")}
          </a>
        </Match>
      </Switch>
    </div>
  );
}
