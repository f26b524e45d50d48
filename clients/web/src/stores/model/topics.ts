// The model is plain data; what shows it listens to topics.

import { batch, createSignal, getListener, type Signal } from "solid-js";

import type { Topic } from "./apply";

export class Topics {
  readonly #signals = new Map<Topic, Signal<undefined>>();

  /** Whoever computes with what the topic is about is run again when it changes. */
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
