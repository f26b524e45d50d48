// What axe-core finds wrong with a page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Page } from "playwright-core";
import { expect } from "vitest";

/** To be added to a page before it is opened. */
export const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  id: string;
  nodes: { html: string; any: { message: string }[] }[];
}

/** Finds nothing to complain of, once all that moves has come to rest. */
export async function check(page: Page, what: string): Promise<void> {
  const found = await page.evaluate(async () => {
    await Promise.allSettled(document.getAnimations().map((it) => (it.effect?.getTiming().iterations === Infinity ? undefined : it.finished)));
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  const said = found.map(({ id, nodes }) => `${what}: ${id}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} (${any[0]?.message ?? ""})`).join(" | ")}`);
  expect(said).toEqual([]);
}
