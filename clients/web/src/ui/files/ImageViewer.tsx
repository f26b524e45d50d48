import "../shared/deferred-icons";

import { Show, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatTime } from "../i18n/format-values";
import { formatBytes } from "../i18n/format-values.deferred";
import { direction, labelled, t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { Icon } from "../shared/Icon";
import { useRoom } from "../room/room-context";
import { ImageStage } from "./ImageStage";
import { imagesAround, isSameImage, type ViewerImage } from "./viewer-images";

/** A picture over the whole page, and the way to those before and after it. */
export default function ImageViewer(props: { opened: ViewerImage; messages: readonly Message[]; onClose: () => void }) {
  const chat = useChat();
  const { jump } = useRoom();
  const [shown, setShown] = createSignal(props.opened);
  const [isActualSize, setActualSize] = createSignal(false);
  const messages = () => props.messages.filter(({ senderId }) => !chat.isBlocked(senderId));
  const all = createMemo(() => imagesAround(shown(), messages()));
  const at = () => all().findIndex((it) => isSameImage(it, shown()));
  const name = () => chat.user(shown().message.senderId)?.displayName ?? "…";
  const file = () => shown().file;

  // Whoever deletes the message takes the picture away.
  createEffect(() => {
    const now = chat.message(shown().message.roomId, shown().message.seq);
    if (now?.content.kind === "deleted") props.onClose();
  });
  createEffect(on(shown, () => setActualSize(false)));

  function step(by: number): void {
    const next = all()[at() + by];
    if (next) setShown(next);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const ahead = direction() === "rtl" ? -1 : 1;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    // At its own size the arrows move the picture.
    if (event.key === "ArrowRight" && !isActualSize()) step(ahead);
    else if (event.key === "ArrowLeft" && !isActualSize()) step(-ahead);
    else if (event.key === "+" || event.key === "-") setActualSize(event.key === "+");
    else return;
    event.preventDefault();
  }
  // A button that goes away under the pointer takes the focus along, wherever that is.
  window.addEventListener("keydown", onKeyDown);
  onCleanup(() => window.removeEventListener("keydown", onKeyDown));

  return (
    <Dialog title={t("pictures")} class="viewer" bare onClose={props.onClose}>
      <div class="viewer-frame">
        <header class="viewer-head">
          <div class="viewer-text">
            <strong class="clip" dir="auto">
              {name()}
            </strong>
            <span class="muted small clip">
              <bdi>{file().name}</bdi> · {formatBytes(file().size)} · {formatTime(shown().message.postedAt, "short")}
            </span>
          </div>
          <Show when={all().length > 1}>
            <span class="muted small viewer-count" role="status">
              {t("pictureOf", { at: at() + 1, all: all().length })}
            </span>
          </Show>
          <button
            type="button"
            class="icon-button"
            aria-label={t(isActualSize() ? "zoomFit" : "zoomActual")}
            title={t(isActualSize() ? "zoomFit" : "zoomActual")}
            onClick={() => setActualSize(!isActualSize())}
          >
            <Icon name={isActualSize() ? "zoomOut" : "zoomIn"} />
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={t("goToMessage")}
            title={t("goToMessage")}
            onClick={() => (props.onClose(), jump(shown().message.seq))}
          >
            <Icon name="chat" />
          </button>
          <a
            class="icon-button"
            href={chat.link(file().id, "whole")}
            download={file().name}
            aria-label={labelled(t("download"), file().name)}
            title={t("download")}
          >
            <Icon name="download" />
          </a>
          <button type="button" class="icon-button" autofocus aria-label={t("close")} title={t("close")} onClick={() => props.onClose()}>
            <Icon name="close" />
          </button>
        </header>
        <Show when={shown()} keyed>
          {(picture) => (
            <ImageStage picture={picture} name={name()} isActualSize={isActualSize()} onActualSize={setActualSize} onStep={step} onClose={() => props.onClose()} />
          )}
        </Show>
        <Show when={all()[at() - 1]}>
          <button type="button" class="viewer-step viewer-before" aria-label={t("previousPicture")} title={t("previousPicture")} onClick={() => step(-1)}>
            <Icon name="back" />
          </button>
        </Show>
        <Show when={all()[at() + 1]}>
          <button type="button" class="viewer-step viewer-after" aria-label={t("nextPicture")} title={t("nextPicture")} onClick={() => step(1)}>
            <Icon name="next" />
          </button>
        </Show>
      </div>
    </Dialog>
  );
}
