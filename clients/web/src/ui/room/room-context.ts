// What components of a room's page share.

import { createContext, useContext, type Accessor } from "solid-js";

import type { Message } from "../../domain/types";
import type { ComposerState } from "../../stores/composer/composer-state";
import type { ReceiptSeqs } from "../../stores/reading/read-markers";
import type { ViewerImage } from "../files/viewer-images";

export interface RoomContext {
  readonly roomId: string;
  readonly openUser: (userId: string) => void;
  readonly jump: (seq: number) => void;
  /** Asks for a date to go to; offers the one of this moment. */
  readonly openDateDialog: (at: number) => void;
  /** What is being written here, where messages can be answered and edited. */
  readonly composer: Accessor<ComposerState>;
  readonly openThread: (seq: number) => void;
  /** The position of the newest own message in sight. */
  readonly newestOwnSeq: Accessor<number | undefined>;
  /** How far the others are; undefined where nobody tells, or nobody is. */
  readonly receiptSeqs: Accessor<ReceiptSeqs | undefined>;
  readonly showVersions: (message: Message) => void;
  readonly showReactions: (message: Message) => void;
  readonly showReaders: (message: Message) => void;
  readonly openPicture: (picture: ViewerImage) => void;
}

const Context = createContext<RoomContext>();
export const RoomContextProvider = Context.Provider;

export function useRoom(): RoomContext {
  const context = useContext(Context);
  if (!context) throw new Error("useRoom outside of a room's page");
  return context;
}
