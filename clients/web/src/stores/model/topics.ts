// The model is plain data. Components listen to topics to notice its changes.

import { batch, createSignal, getListener, type Signal } from "solid-js";

import type { Topic } from "./apply";

export class Topics {
  readonly #signals = new Map<Topic, Signal<undefined>>();

  /** The running computation is run again when the topic changes. */
  track(topic: Topic): void {
    if (!getListener()) return;
    let signal = this.#signals.get(topic);
    if (!signal) {
      signal = createSignal(undefined, { equals: false });
      this.#signals.set(topic, signal);
    }
    signal[0]();
  }

  invalidate(topics: readonly Topic[]): void {
    batch(() => {
      for (const topic of new Set(topics)) this.#signals.get(topic)?.[1](undefined);
    });
  }
}
