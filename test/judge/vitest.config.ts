import { defineConfig } from "vitest/config";

/** `npm run test:judge`: installs a Python package and asks a real model, so not part of `npm test`. */
export default defineConfig({
	test: { include: ["test/judge/**/*.test.ts"], testTimeout: 600_000, hookTimeout: 600_000 },
});
