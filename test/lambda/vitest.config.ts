import { defineConfig } from "vitest/config";

/** `npm run test:lambda`: a minute a test, so not part of `npm test`. */
export default defineConfig({
	test: { include: ["test/lambda/**/*.test.ts"], testTimeout: 600_000, hookTimeout: 900_000 },
});
