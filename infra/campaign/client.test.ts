import { expect, inject, onTestFinished, test, vi } from "vitest";
import { createCampaignClient } from "./client.ts";

test("a client finds the server it is given or the environment names, and says so when there is no campaign", async () => {
	onTestFinished(() => {
		vi.unstubAllEnvs();
	});
	vi.stubEnv("TEMPORAL_CONFIG_FILE", "");
	vi.stubEnv("TEMPORAL_ADDRESS", "");
	const address = inject("temporalAddress");
	await expect(createCampaignClient()).rejects.toThrow(/no Temporal server is named/);
	await expect(createCampaignClient({ address, namespace: "absent" })).rejects.toThrow(/has no namespace absent/);
	const given = await createCampaignClient({ address });
	vi.stubEnv("TEMPORAL_ADDRESS", address);
	const named = await createCampaignClient();
	for (const client of [given, named]) {
		await expect(client.status("nobody")).rejects.toThrow(`${address}: no campaign of this id. got "nobody"`);
		await client.close();
	}
});
