// Elements from the tree of a message's text. Text stays text: there is no way
// from here to HTML.

import { For, Show, createContext, createMemo, useContext, type JSX } from "solid-js";

import type { Mention, Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { isEmojiOnly, linkDestination, parse, splitMentions, textOf, type Block, type Inline } from "../../stores/messages/markdown";
import { CodeBlock } from "./CodeBlock";

/** Pages of this client, once their origin is taken away: the way there is within the page. */
const OWN = /^\/(rooms|invite)\//;

const NOBODY: readonly Mention[] = [];
/** The message's mentions, for its text. */
const Mentions = createContext<() => readonly Mention[]>(() => NOBODY);
/** Renders plain text, so that a search can highlight parts of it. */
export const TextRenderer = createContext<(text: string) => JSX.Element>((text) => text);

export function Markdown(props: { text: string; message?: Message }) {
  const blocks = createMemo(() => parse(props.text));
  // A message is another object for each reaction; whom it calls is the same.
  const mentions = createMemo(() => props.message?.mentions ?? NOBODY, NOBODY, { equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  return (
    <Mentions.Provider value={mentions}>
      <div class="md" classList={{ "md-emoji": isEmojiOnly(props.text) }}>
        {blocks().map((block) => (
          <BlockView block={block} />
        ))}
      </div>
    </Mentions.Provider>
  );
}

function Text(props: { text: string; before?: string | undefined }) {
  const chat = useChat();
  const mentions = useContext(Mentions);
  const render = useContext(TextRenderer);
  // Most texts call nobody.
  if (!props.text.includes("@")) return render(props.text);
  return (
    <For each={splitMentions(props.text, mentions(), props.before)}>
      {({ text, mention }) => (
        <Show when={mention} fallback={render(text)}>
          {(it) => (
            <span class="mention" classList={{ "mention-me": it().all || it().here || it().userId === chat.me().id }}>
              {render(text)}
            </span>
          )}
        </Show>
      )}
    </For>
  );
}

// Each tree is of one text and never changes, so its parts are made once and nothing watches them.

function Blocks(props: { blocks: readonly Block[] }): JSX.Element {
  return props.blocks.map((block) => <BlockView block={block} />);
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
    case "list": {
      const items = block.items.map((item) => (
        <li>
          <Inlines nodes={item} />
        </li>
      ));
      return block.start === undefined ? (
        <ul dir="auto">{items}</ul>
      ) : (
        <ol dir="auto" start={block.start}>
          {items}
        </ol>
      );
    }
    case "rule":
      return <hr />;
  }
}

function Inlines(props: { nodes: readonly Inline[] }): JSX.Element {
  return props.nodes.map((node) => <InlineView node={node} />);
}

function InlineView({ node }: { node: Inline }): JSX.Element {
  switch (node.kind) {
    case "text":
      return <Text text={node.text} before={node.before} />;
    case "code":
      return <code dir="ltr">{useContext(TextRenderer)(node.text)}</code>;
    case "break":
      return <br />;
    case "link": {
      const { href, inside } = node;
      const label = textOf(inside);
      const isOwn = OWN.test(href.replace(location.origin, ""));
      const destination = isOwn ? undefined : linkDestination(label, href);
      return (
        <>
          <a
            href={href}
            title={label === href ? undefined : href}
            target={isOwn ? undefined : "_blank"}
            rel="noopener noreferrer nofollow"
          >
            <Inlines nodes={inside} />
          </a>
          {destination && [" ", <bdi class="md-host">({destination})</bdi>]}
        </>
      );
    }
    case "strong":
      return (
        <strong>
          <Inlines nodes={node.inside} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inlines nodes={node.inside} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inlines nodes={node.inside} />
        </del>
      );
  }
}
