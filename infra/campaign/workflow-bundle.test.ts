import { expect, test } from "vitest";
import { ENCODE_FAILURES } from "../connection/sandbox-failure-converter.ts";
import { loadWorkflowBundle } from "./workflow-bundle.ts";

test("workflows encrypt what they fail with, wherever the keys come from", async () => {
	const begins = async (env: NodeJS.ProcessEnv) => (await loadWorkflowBundle(env)).code.startsWith(ENCODE_FAILURES);
	const keyless = { ...process.env, DNO_PAYLOAD_KEY_FILE: "", DNO_PAYLOAD_KEYS: "" };
	expect(await begins(keyless)).toBe(false);
	expect(await begins({ ...keyless, DNO_PAYLOAD_KEY_FILE: "keys" })).toBe(true);
	expect(await begins({ ...keyless, DNO_PAYLOAD_KEYS: "ab".repeat(32) })).toBe(true);
});
