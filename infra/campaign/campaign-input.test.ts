import { Client } from "@temporalio/client";
import { expect, inject, test } from "vitest";
import { campaignInput } from "./campaign-input.ts";
import { connectClient } from "./client-connection.ts";

test("a campaign that never began has no input; that the server does not say is no answer", async () => {
	const { connection, close } = await connectClient({ address: inject("temporalAddress") });
	const client = new Client({ connection });
	expect(await campaignInput(client, "never-began")).toBeUndefined();
	await close();
	await expect(campaignInput(client, "never-began")).rejects.toThrow();
});
