import { defineConfig } from "vitest/config";

/** `npm run test:faults`: minutes long, so not part of `npm test`. */
export default defineConfig({
	test: {
		include: ["test/faults/**/*.test.ts"],
		testTimeout: 600_000,
		reporters: ["default", "test/faults/last-line-reporter.ts"],
	},
});
