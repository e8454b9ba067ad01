import { defineConfig } from "vitest/config";
import { LastLineReporter } from "./last-line-reporter.ts";

/** `npm run test:faults`: minutes long, so not part of `npm test`. */
export default defineConfig({
	test: {
		include: ["test/faults/**/*.test.ts"],
		testTimeout: 600_000,
		reporters: ["default", new LastLineReporter()],
	},
});
