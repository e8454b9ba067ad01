import { afterEach, expect, test, vi } from "vitest";
import { oracleConfig } from "../core/oracle-config.ts";
import { checkOracle } from "./check-oracle.ts";

afterEach(() => vi.unstubAllEnvs());

test("a key that is not in the environment names the judge, and not what may be the key itself", async () => {
	const oracle = oracleConfig.parse({
		kind: "panel",
		judges: [
			{ kind: "score", model: "a", apiKeyEnv: "DNO_TEST_A" },
			{ kind: "score", model: "b", name: "second", apiKeyEnv: "AKIASESAME0123" },
		],
	});
	vi.stubEnv("DNO_TEST_A", "key");
	const error = await checkOracle(oracle).catch((error: Error) => error);
	expect(String(error)).toContain("judge second: the environment has no variable of the name that apiKeyEnv gives");
	expect(String(error)).not.toContain("SESAME");
	vi.stubEnv("AKIASESAME0123", "key");
	expect(await checkOracle(oracle)).toBeUndefined();
});
