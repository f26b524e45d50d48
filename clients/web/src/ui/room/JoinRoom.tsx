import { Match, Show, Switch, createResource } from "solid-js";

import { Failure } from "../../domain/failure";
import { useChat } from "../../stores/chat";
import { explain, t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { createForm } from "../shared/form";
import { Problem } from "../shared/FormError";
import { Unsent } from "./UnsentMessages";

/** A link to a room that the user is not in. */
export default function JoinRoom(props: { roomId: string }) {
  const chat = useChat();
  const [found, { refetch }] = createResource(
    () => props.roomId,
    // The failure is a value: nothing else on the page fails with it.
    (id) => chat.api.getRoom(id).catch((error: unknown) => error),
  );
  const room = () => {
    const answer = found();
    return answer && !(answer instanceof Error) ? (answer as Awaited<ReturnType<typeof chat.api.getRoom>>).room : undefined;
  };
  const missing = () => {
    const answer = found();
    return answer instanceof Failure && answer.isFinal;
  };
  // The stream tells of the room, and this page gives way to it.
  const form = createForm(async () => void (await chat.api.joinRoom(props.roomId)));
  const banned = () => {
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
                {t("members", { count: room().memberCount })} <Show when={!banned()}>· {t("previewOnly")}</Show>
              </p>
              <Show when={!banned()} fallback={<Problem text={t("BANNED")} />}>
                <form onSubmit={form.submit}>
                  <Problem text={form.problem()} />
                  <button class="button button-primary" disabled={form.busy()}>
                    {t("joinRoom")}
                  </button>
                </form>
              </Show>
            </>
          )}
        </Match>
        <Match when={missing()}>
          <h1>{t("roomNotFound")}</h1>
          <a class="button" href="/directory">
            {t("browseRooms")}
          </a>
        </Match>
        <Match when={found() instanceof Error}>
          <h1>{explain(found())}</h1>
          <button type="button" class="button" onClick={() => void refetch()}>
            {t("tryAgain")}
          </button>
        </Match>
      </Switch>
      <Unsent roomId={props.roomId} />
    </div>
  );
}
