import { join } from "node:path";
import { expect, test } from "vitest";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { openTokenizer } from "../../gpu-worker/formats/tokenizer.ts";
import { createRandomModel } from "../../gpu-worker/model/init.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { runGenerate } from "./generate.ts";

const tokenizerFile = join(import.meta.dirname, "../../bench/golden/tokenizer.json");

async function newModel(): Promise<string> {
	const outDir = join(temporaryFolder(), "model");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 11, outDir });
	return outDir;
}

/** A prompt of tokens that the tiny tokenizer has. */
function promptOf(dir: string): string {
	return openTokenizer(dir).decode([3, 4, 5]);
}

async function generate(...args: string[]): Promise<string[]> {
	const printed: string[] = [];
	expect(await runGenerate(args, (text) => printed.push(text))).toBe(0);
	return printed;
}

test("a single response is printed as it comes, and is the one that --json gives", async () => {
	const dir = await newModel();
	const how = [dir, "--prompt", promptOf(dir), "--max-tokens", "9", "--seed", "3"];
	const streamed = await generate(...how);
	expect(streamed.length).toBeGreaterThan(3);
	const [line] = await generate(...how, "--json");
	const response = JSON.parse(line!) as { text: string; tokens: number[]; logProbabilities: number[] };
	expect(streamed.join("")).toBe(`${response.text}\n`);
	expect(response.logProbabilities).toHaveLength(response.tokens.length);
	expect(await generate(...how, "--json")).toEqual([line]);
	expect(await generate(...how.slice(0, -1), "4", "--json")).not.toEqual([line]);
});

test("--int8 draws from the rounded policy, which is another one", async () => {
	const dir = await newModel();
	const how = [dir, "--prompt", promptOf(dir), "--greedy", "--max-tokens", "3", "--json"];
	const first = (lines: string[]) => (JSON.parse(lines[0]!) as { logProbabilities: number[] }).logProbabilities[0]!;
	const [exact, rounded] = [first(await generate(...how)), first(await generate(...how, "--int8"))];
	expect(rounded).not.toBe(exact);
	expect(Math.abs(rounded - exact)).toBeLessThan(0.3);
});

test("several responses have seeds of their own; greedy ones are all the same", async () => {
	const dir = await newModel();
	const how = [dir, "--prompt", promptOf(dir), "--n", "3", "--json"];
	const texts = (lines: string[]) => new Set(lines.map((line) => (JSON.parse(line) as { text: string }).text)).size;
	expect(texts(await generate(...how))).toBe(3);
	expect(texts(await generate(...how, "--greedy"))).toBe(1);
	expect((await generate(...how.slice(0, -1))).join("")).toMatch(/^--- 1 of 3\n[\s\S]*\n--- 3 of 3\n/);
});

test.each<[string, string[]]>([
	["--prompt is missing", ["DIR"]],
	["--chat and --raw contradict", ["DIR", "--prompt", "x", "--chat", "--raw"]],
	["--greedy and --temperature contradict", ["DIR", "--prompt", "x", "--greedy", "--temperature", "1"]],
	["--temperature takes a number", ["DIR", "--prompt", "x", "--temperature", "warm"]],
	["there is no model folder", ["no-such-folder", "--prompt", "x"]],
])("refuses: %s", async (message, args) => {
	const dir = await newModel();
	const filled = args.map((arg) => (arg === "DIR" ? dir : arg));
	await expect(runGenerate(filled, () => {})).rejects.toThrow(message);
});
