import OpenAI from "openai";
import { expect, test } from "vitest";
import { createBatch } from "./batch-api.ts";
import { serveBatches } from "./testing/batch-server.ts";

test("an upload of several parts has every line whole, and asks for each request once", async () => {
	await using server = await serveBatches();
	const api = new OpenAI({ apiKey: "none", baseURL: server.url, maxRetries: 0 });
	const content = 'é\n"'.repeat(200_000);
	const asked: string[] = [];
	function* requests() {
		for (const id of ["a", "b", "c", "d", "e"]) {
			asked.push(id);
			yield { id, request: { model: "m", messages: [{ role: "user" as const, content: `${id}${content}` }] } };
		}
	}
	await createBatch(api, "work", requests(), new AbortController().signal);
	const { lines } = server.batches[0]!;
	expect(lines.map(({ custom_id }) => custom_id)).toEqual(asked);
	expect(asked).toEqual(["a", "b", "c", "d", "e"]);
	for (const { custom_id, body } of lines) expect(body.messages[0]!.content).toBe(`${custom_id}${content}`);
});
