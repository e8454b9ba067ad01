import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verdict as verdictSchema } from "../../../core/records.ts";
import { group } from "../../testing/groups.ts";
import { withAutomaticNegatives } from "../automatic-negatives.ts";
import { loadMatrix } from "./matrix.ts";

async function gameFile(content: string): Promise<string> {
	const file = join(await mkdtemp(join(tmpdir(), "game-")), "game.json");
	await writeFile(file, content);
	return file;
}

const game = JSON.stringify({
	actions: ["student 0", "student 1", "teacher 0"],
	preferences: [
		[0.5, 1, 0.2],
		[0, 0.5, 0.7],
		[0.8, 0.3, 0.5],
	],
});

test("preferences are the matrix's, in the order of the responses", async () => {
	const oracle = await loadMatrix(await gameFile(game));
	const { responses, ...rest } = group("p", 2);
	const verdict = await oracle.judge({ ...rest, responses: [responses[2]!, responses[0]!] });
	expect(verdictSchema.parse(verdict)).toMatchObject({
		kind: "preferences",
		preferences: [
			[0.5, 0.8],
			[0.2, 0.5],
		],
	});
});

test("loops lose to all and tie with each other, without being looked up", async () => {
	const oracle = withAutomaticNegatives(await loadMatrix(await gameFile(game)));
	const { responses, ...rest } = group("p", 2);
	const loop = { ...responses[1]!, text: "rock rock rock", finishReason: "repetition" as const };
	const verdict = await oracle.judge({ ...rest, responses: [loop, responses[0]!, responses[2]!, loop] });
	expect(verdict).toMatchObject({
		preferences: [
			[0.5, 0, 0, 0.5],
			[1, 0.5, 0.2, 1],
			[1, 0.8, 0.5, 1],
			[0.5, 0, 0, 0.5],
		],
	});
});

test("a response that is no action makes the verdict invalid, and says which", async () => {
	const oracle = await loadMatrix(await gameFile(game));
	expect(await oracle.judge(group("p", 3))).toMatchObject({
		kind: "invalid",
		reason: '"student 2" is no action of the game',
	});
});

test("a file that is missing, no JSON or no game is an error that names it", async () => {
	await expect(loadMatrix("/no/game.json")).rejects.toThrow("/no/game.json: the game cannot be read");
	const file = await gameFile("{");
	await expect(loadMatrix(file)).rejects.toThrow(`${file}: the game is not JSON`);
	await writeFile(file, "{}");
	await expect(loadMatrix(file)).rejects.toThrow(`${file}: actions: `);
});
