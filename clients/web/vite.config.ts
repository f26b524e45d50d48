import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

import { earlyScripts, initialChunks, initialSize, retryImports } from "./scripts/vite/chunks.ts";
import { compressed } from "./scripts/vite/compress.ts";
import { plainDescriptors } from "./scripts/vite/descriptors.ts";
import { smallClient, smallDescriptor, unusedEnums, withoutJson } from "./scripts/vite/protobuf.ts";

// Where `npm run dev` and `npm run preview` find the server; built pages call
// the origin they came from.
const server = process.env.CAUSERIE_URL ?? "http://127.0.0.1:8080";
const proxy = { "^/causerie\\.v1\\.": { target: server }, "^/files/": { target: server } };

export default defineConfig({
  plugins: [solid(), plainDescriptors(), smallDescriptor(), unusedEnums(), withoutJson(), smallClient(), retryImports(), earlyScripts(), initialSize(), compressed()],
  server: { proxy },
  preview: { proxy },
  build: {
    // Nothing is inlined, so that the pages do under a policy without data: scripts.
    assetsInlineLimit: 0,
    // What comes later comes before it is wanted, as a whole: no list of what needs what has to be there first.
    modulePreload: false,
    // There is one style sheet, which the page itself asks for.
    cssCodeSplit: false,
    rolldownOptions: { output: { codeSplitting: { groups: initialChunks() } } },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
