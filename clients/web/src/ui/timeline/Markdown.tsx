// Elements from the tree of a message's text. Text stays text: there is no way
// from here to HTML.

import { For, Match, Show, Switch, createContext, createMemo, useContext } from "solid-js";
import { Dynamic } from "solid-js/web";

import type { Mention, Message } from "../../nouns";
import { useChat } from "../../state/chat";
import { isEmojiOnly, parse, splitMentions, type Block, type Inline } from "../../state/markdown";
import { CodeBlock } from "./CodeBlock";

/** Whom the message calls, for the text to show. */
const Mentions = createContext<() => readonly Mention[]>(() => []);

export function Markdown(props: { text: string; message?: Message }) {
  const blocks = createMemo(() => parse(props.text));
  return (
    <Mentions.Provider value={() => props.message?.mentions ?? []}>
      <div class="md" classList={{ "md-emoji": isEmojiOnly(props.text) }}>
        <Blocks blocks={blocks()} />
      </div>
    </Mentions.Provider>
  );
}

function Text(props: { text: string }) {
  const chat = useChat();
  const mentions = useContext(Mentions);
  return (
    <For each={splitMentions(props.text, mentions())}>
      {({ text, mention }) => (
        <Show when={mention} fallback={<>{text}</>}>
          {(it) => (
            <span class="mention" classList={{ "mention-me": it().all || it().here || it().userId === chat.me().id }}>
              {text}
            </span>
          )}
        </Show>
      )}
    </For>
  );
}

function Blocks(props: { blocks: readonly Block[] }) {
  return <For each={props.blocks}>{(block) => <BlockView block={block} />}</For>;
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p dir="auto">
          <Inlines nodes={block.inside} />
        </p>
      );
    case "heading":
      // A message has no place among the page's headings.
      return (
        <p class="md-heading" dir="auto">
          <Inlines nodes={block.inside} />
        </p>
      );
    case "code":
      return <CodeBlock language={block.language} text={block.text} />;
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "list":
      return (
        <Dynamic component={block.start === undefined ? "ul" : "ol"} start={block.start} dir="auto">
          <For each={block.items}>
            {(item) => (
              <li>
                <Inlines nodes={item} />
              </li>
            )}
          </For>
        </Dynamic>
      );
    case "rule":
      return <hr />;
  }
}

function Inlines(props: { nodes: readonly Inline[] }) {
  return <For each={props.nodes}>{(node) => <InlineView node={node} />}</For>;
}

function InlineView(props: { node: Inline }) {
  const node = props.node;
  return (
    <Switch>
      <Match when={node.kind === "text" && node}>{(it) => <Text text={it().text} />}</Match>
      <Match when={node.kind === "code" && node}>{(it) => <code dir="ltr">{it().text}</code>}</Match>
      <Match when={node.kind === "break"}>
        <br />
      </Match>
      <Match when={node.kind === "link" && node}>
        {(it) => (
          <a href={it().href} target="_blank" rel="noopener noreferrer nofollow">
            <Inlines nodes={it().inside} />
          </a>
        )}
      </Match>
      <Match when={(node.kind === "strong" || node.kind === "em" || node.kind === "del") && node}>
        {(it) => (
          <Dynamic component={it().kind}>
            <Inlines nodes={it().inside} />
          </Dynamic>
        )}
      </Match>
    </Switch>
  );
}
