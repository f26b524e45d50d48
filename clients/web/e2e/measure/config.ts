import { defineConfig } from "vitest/config";

// Figures to look at, by `make bench` with a release build: nothing here fails
// because it is slow.
export default defineConfig({
  test: {
    include: ["e2e/measure/*.measure.ts"],
    environment: "node",
    env: { CARGO_PROFILE: "release" },
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    expect: { poll: { timeout: 60_000 } },
    fileParallelism: false,
    reporters: ["dot"],
  },
});
