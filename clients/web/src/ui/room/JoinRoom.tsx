import { Match, Show, Switch, createResource } from "solid-js";

import { Failure } from "../../domain/failure";
import { useChat } from "../../stores/chat";
import { explain, t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { createForm } from "../shared/form";
import { FormError } from "../shared/FormError";
import { UnsentMessages } from "./UnsentMessages";

/** A link to a room that the user is not in. */
export default function JoinRoom(props: { roomId: string }) {
  const chat = useChat();
  const [response, { refetch }] = createResource(
    () => props.roomId,
    // The failure is a value: nothing else on the page fails with it.
    (id) => chat.api.getRoom(id).catch((error: unknown) => error),
  );
  const room = () => {
    const answer = response();
    return answer && !(answer instanceof Error) ? (answer as Awaited<ReturnType<typeof chat.api.getRoom>>).room : undefined;
  };
  const isMissing = () => {
    const answer = response();
    return answer instanceof Failure && answer.isFinal;
  };
  // The stream tells of the room, and this page gives way to it.
  const form = createForm(async () => void (await chat.api.joinRoom(props.roomId)));
  const isBanned = () => {
    const refused = form.failure();
    return chat.isBanned(props.roomId) || (refused instanceof Failure && refused.reason === "BANNED");
  };
  return (
    <div class="empty">
      <Switch>
        <Match when={room()}>
          {(room) => (
            <>
              <Avatar id={room().id} name={room().name} photo={room().pictureId} shape="room" size="large" />
              <h1 dir="auto">{room().name}</h1>
              <Show when={room().topic}>
                <p dir="auto">{room().topic}</p>
              </Show>
              <p class="muted">
                {t("members", { count: room().memberCount })} <Show when={!isBanned()}>· {t("previewOnly")}</Show>
              </p>
              <Show when={!isBanned()} fallback={<FormError text={t("BANNED")} />}>
                <form onSubmit={form.submit}>
                  <FormError text={form.errorText()} />
                  <button class="button button-primary" disabled={form.busy()}>
                    {t("joinRoom")}
                  </button>
                </form>
              </Show>
            </>
          )}
        </Match>
        <Match when={isMissing()}>
          <h1>{t("roomNotFound")}</h1>
          <a class="button" href="/directory">
            {t("browseRooms")}
          </a>
        </Match>
        <Match when={response() instanceof Error}>
          <h1>{explain(response())}</h1>
          <button type="button" class="button" onClick={() => void refetch()}>
            {t("tryAgain")}
          </button>
        </Match>
      </Switch>
      <UnsentMessages roomId={props.roomId} />
    </div>
  );
}
