import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["**/*.test.ts"],
		exclude: ["node_modules", "dist", "runs", "test/kill", "test/faults", "test/judge"],
		globalSetup: ["infra/temporal-server/for-tests.ts"],
		// Two cores: more files at once only make every one of them slower.
		maxWorkers: 2,
		testTimeout: 30_000,
		hookTimeout: 60_000,
		coverage: {
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
