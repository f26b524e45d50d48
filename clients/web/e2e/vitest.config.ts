import { defineConfig } from "vitest/config";

// A real server, a real browser for each file: two at a time, on as few as two cores.
// Speed is measured by `make bench` (measure/), so no limit here is one
// of speed: they only end what would never end.
export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    environment: "node",
    testTimeout: 300_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
    // Two browsers and a server on two cores: what fails is tried once more, and the log says so and why.
    retry: 1,
    // Where nothing works, each test would wait in vain; so it is half an hour at the very most.
    bail: 5,
    reporters: ["verbose"],
  },
});
