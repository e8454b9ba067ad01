import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { oracleConfig } from "../../core/oracle-config.ts";
import { parseTabularGame } from "../../core/tabular-game.ts";

const docs = await readFile(new URL("../../docs/oracles.md", import.meta.url), "utf8");

function examples(language: string): string[] {
	return [...docs.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map((match) => match[1]!);
}

test("the documentation has a valid example of every kind", () => {
	const kinds = examples("yaml").map((text) => oracleConfig.parse(parse(text).oracle).kind);
	const all = oracleConfig.options.map((option) => option.shape.kind.value);
	expect([...new Set(kinds)].toSorted()).toEqual(all.toSorted());
});

test("the game in the documentation is one", () => {
	const [game] = examples("json").map((text) => parseTabularGame(JSON.parse(text), "docs/oracles.md"));
	expect(game!.actions).toEqual(["rock", "paper", "scissors"]);
});
