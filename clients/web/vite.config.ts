import { defineConfig } from "vitest/config";
import solid from "vite-plugin-solid";

// Where `npm run dev` and `npm run preview` find the server; built pages call
// the origin they came from.
const server = process.env.CAUSERIE_URL ?? "http://127.0.0.1:8080";
const proxy = { "^/causerie\\.v1\\.": { target: server } };

export default defineConfig({
  plugins: [solid()],
  server: { proxy },
  preview: { proxy },
  build: {
    // Nothing is inlined, so that the pages do under a policy without data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
