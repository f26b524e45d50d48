import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { MuteChoices, mutedUntilText } from "../shared/MuteChoices";
import { attempt } from "../shared/toast";

/** Keeps a member from writing for a time. */
export default function MuteMemberDialog(props: { roomId: string; userId: string; name: string; until: number; onClose: () => void }) {
  const chat = useChat();
  async function mute(ms: number): Promise<void> {
    if (await attempt(chat.api.muteMember(props.roomId, props.userId, ms))) props.onClose();
  }
  return (
    <Dialog title={t("muteMember")} onClose={props.onClose}>
      <MuteChoices
        legend={t("muteQuestion", { name: props.name })}
        note={mutedUntilText(props.until)}
        end={t("unmute")}
        until={props.until}
        onMute={(ms) => void mute(ms)}
      />
    </Dialog>
  );
}
