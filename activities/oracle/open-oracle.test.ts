import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { answers } from "../testing/play-judge.ts";
import { openOracle } from "./open-oracle.ts";

let folder: string;
beforeEach(() => {
	folder = temporaryFolder();
});

/** Opens an oracle of a config again and again, with a file of it edited in between, as one worker does. */
async function opener(config: object, name: string) {
	const store = createFolderStore(join(folder, "store"));
	const ref = await store.put(JSON.stringify(config), { step: "test", inputs: {} });
	return async (content: string) => {
		writeFileSync(join(folder, name), content);
		return await openOracle({ store, folder }, ref);
	};
}

test("a rubric is asked with as it is now", async () => {
	const open = await opener({ kind: "score", model: "judge", rubric: "rubric.md" }, "rubric.md");
	const asked = async (rubric: string) => {
		const { judge } = await open(rubric);
		return judge!.calls(answers("a", "b"), "all", () => undefined)[0]!;
	};
	const [long, short] = [await asked("Prefer what is long."), await asked("Prefer what is short.")];
	expect(JSON.stringify(long.messages)).toContain("what is long");
	expect(JSON.stringify(short.messages)).toContain("what is short");
	expect(short.key).not.toBe(long.key);
	expect(await open("Prefer what is short.")).toBe(await open("Prefer what is short."));
});

test("a game is played as it is now", async () => {
	const open = await opener({ kind: "matrix", game: "game.json" }, "game.json");
	const preference = async (p: number) => {
		const game = { actions: ["a", "b"], preferences: [[0.5, p], [1 - p, 0.5]] }; // biome-ignore format: a matrix
		const verdict = await (await open(JSON.stringify(game))).program!.judge(answers("a", "b"));
		return verdict.kind === "preferences" ? verdict.preferences[0]![1] : verdict;
	};
	expect([await preference(0.25), await preference(0.75)]).toEqual([0.25, 0.75]);
});

test.for(["verifier.ts", "verifier.mjs", "verifier.cjs"])("%s judges as it is now", async (name) => {
	const open = await opener({ kind: "verifier", module: name }, name);
	const opened = async (code: string) => {
		const { program } = await open(`${name.endsWith("cjs") ? "exports.verify =" : "export const verify ="} ${code};`);
		const verdict = await program!.judge(answers("a", "bbb"));
		return { fingerprint: program!.fingerprint, scores: verdict.kind === "scores" ? verdict.scores : verdict };
	};
	const long = await opened("({ response }) => ({ score: response.length })");
	const short = await opened("({ response }) => ({ score: -response.length })");
	expect([long.scores, short.scores]).toEqual([
		[1, 3],
		[-1, -3],
	]);
	expect(short.fingerprint).not.toBe(long.fingerprint);
	expect(await opened("({ response }) => ({ score: response.length })")).toEqual(long);
});
