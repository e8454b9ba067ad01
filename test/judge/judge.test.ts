import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toJsonLines } from "../../activities/store/json-lines.ts";
import type { OracleConfigInput } from "../../core/oracle-config.ts";
import { verdict } from "../../core/records.ts";
import { startDno } from "../integration/run-dno.ts";
import { type LlamaServer, startLlamaServer } from "./llama-server.ts";

/*
 * A model of 135 million weights judges badly: what is tested is that every kind of judge works with a real server, and
 * that what it says is reported, right or wrong.
 */

const QUESTIONS = [
	["What is the capital of France?", "Paris is the capital of France.", "The moon is made of cheese."],
	["How many legs does a spider have?", "A spider has eight legs.", "Blue."],
	["Name a fruit.", "An apple is a fruit.", "A hammer is a fruit."],
] as const;

let server: LlamaServer;
let folder: string;
beforeAll(async () => {
	server = await startLlamaServer();
	folder = mkdtempSync(join(tmpdir(), "dno-judge-"));
});
afterAll(async () => {
	await server?.[Symbol.asyncDispose]();
	if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const base = () => ({ model: "llama-judge", baseURL: server.url, concurrency: 4, maxTokens: 300 });

const ORACLES: Record<string, () => OracleConfigInput> = {
	listwise: () => ({ kind: "listwise", ...base() }),
	"pairwise, text": () => ({ kind: "pairwise", ...base() }),
	"pairwise, log-probabilities": () => ({
		...{ kind: "pairwise", read: "log-probabilities", onDisagreement: "mean" },
		...{ ...base(), maxTokens: 1 },
	}),
	score: () => ({ kind: "score", ...base() }),
	panel: () => ({
		kind: "panel",
		judges: [
			{ kind: "listwise", name: "list", ...base() },
			{ kind: "score", name: "rating", ...base() },
		],
	}),
};

describe("the server itself", () => {
	const messages = [{ role: "user" as const, content: "2 + 2? A: 4. B: 5. Answer with A or B only." }];
	const create = (more: object) => {
		const client = new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
		return client.chat.completions.create({ model: "llama-judge", messages, temperature: 0, ...more });
	};

	test("follows a JSON schema", async () => {
		const properties = {
			reason: { type: "string", maxLength: 80 },
			verdict: { type: "string", enum: ["A", "B", "tie"] },
		};
		const schema = { type: "object", properties, required: ["reason", "verdict"], additionalProperties: false };
		const json_schema = { name: "verdict", strict: true, schema };
		const reply = await create({ max_tokens: 200, response_format: { type: "json_schema", json_schema } });
		expect(JSON.parse(reply.choices[0]!.message.content!)).toMatchObject({
			verdict: expect.stringMatching(/^(A|B|tie)$/),
		});
	});

	test("gives the first token's alternatives", async () => {
		const reply = await create({ max_tokens: 1, logprobs: true, top_logprobs: 20 });
		const first = reply.choices[0]!.logprobs!.content![0]!;
		expect(first.top_logprobs).toHaveLength(20);
		expect(first.top_logprobs.map(({ token }) => token.trim())).toEqual(expect.arrayContaining(["A", "B"]));
		expect(reply.usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThanOrEqual(0);
	});
});

describe.each(Object.keys(ORACLES))("%s", (kind) => {
	const place = kind.replace(/\W+/g, "-");
	const write = (name: string, text: string) => writeFileSync(join(folder, `${place}-${name}`), text);

	test("judges a file", async () => {
		write("oracle.yaml", JSON.stringify(ORACLES[kind]!()));
		write("in.jsonl", toJsonLines(QUESTIONS.map(([prompt, ...responses]) => ({ prompt, responses }))));
		const files = ["--oracle", `${place}-oracle.yaml`, "--in", `${place}-in.jsonl`, "--out", `${place}-out.jsonl`];
		const { ended, events } = startDno(["judge", "run", ...files, "--json"], { cwd: folder });
		const { code, stderr } = await ended;
		expect(code, stderr).toBe(0);
		const verdicts = readFileSync(join(folder, `${place}-out.jsonl`), "utf8")
			.trim()
			.split("\n")
			.map((line) => {
				const { winRates: _, ...rest } = JSON.parse(line);
				return verdict.parse(rest);
			});
		console.log(`${kind}: ${JSON.stringify(events.at(-1))}`);
		expect(verdicts).toHaveLength(QUESTIONS.length);
		// Under a schema a reply can be wrong, or too long for its tokens, but the server answers every call.
		expect(verdicts.filter((each) => each.kind === "unjudged")).toEqual([]);
		const invalid = verdicts.filter((each) => each.kind === "invalid");
		// A model as small as this one may be about to say something else than A or B, which is then no choice.
		const most = kind === "pairwise, log-probabilities" ? QUESTIONS.length : QUESTIONS.length / 2;
		expect(invalid.length, JSON.stringify(invalid)).toBeLessThanOrEqual(most);
	});

	test("says how far it can be trusted", async () => {
		write(
			"labelled.jsonl",
			toJsonLines(QUESTIONS.map(([prompt, ...responses]) => ({ prompt, responses, scores: [1, 0] }))),
		);
		const files = ["--judge", `${place}-oracle.yaml`, "--labelled", `${place}-labelled.jsonl`];
		const { ended, events } = startDno(["judge", "check", ...files, "--json"], { cwd: folder });
		const { code, stderr } = await ended;
		expect(code, stderr).toBe(0);
		console.log(`${kind}: ${JSON.stringify(events.at(-1))}`);
		expect(events.at(-1)).toBeDefined();
	});
});
