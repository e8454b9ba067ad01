import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["**/*.test.ts"],
		exclude: ["node_modules", "dist", "runs", "test/kill", "test/faults", "test/judge", "test/lambda"],
		globalSetup: ["infra/temporal-server/for-tests.ts"],
		// Campaigns wait as often as they compute, so that two cores do three files' work.
		maxWorkers: 3,
		// A test that hangs ends; a machine under load, where a campaign takes a minute, is no failure.
		testTimeout: 300_000,
		hookTimeout: 300_000,
		expect: { poll: { timeout: 240_000 } },
		// Here alone, and told of ("retry x1"): a test that needs it is to be mended, but holds up nothing else until then.
		retry: process.env.CI ? 1 : 0,
		coverage: {
			// It counts in the files below alone; V8's own counting slows all that runs in the process, up to seven times.
			provider: "istanbul",
			include: ["core/**/*.ts", "gpu-worker/graph/**/*.ts"],
			exclude: ["**/*.test.ts"],
			reporter: ["text-summary", "text"],
			thresholds: {
				"core/**/*.ts": { lines: 99, statements: 90, functions: 90, branches: 85 },
				"gpu-worker/graph/**/*.ts": { lines: 90, statements: 90, functions: 90, branches: 85 },
			},
		},
	},
});
