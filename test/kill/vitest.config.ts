import { defineConfig } from "vitest/config";

/** `npm run test:kill`: minutes long, so not part of `npm test`. */
export default defineConfig({
	test: { include: ["test/kill/**/*.test.ts"], testTimeout: 1_800_000 },
});
