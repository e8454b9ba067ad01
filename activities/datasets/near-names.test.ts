import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { mendPath } from "./near-names.ts";

test("a path that cannot be read: what is there instead, or nearest to it", async () => {
	const folder = temporaryFolder();
	writeFileSync(join(folder, "prompts.jsonl"), "");
	mkdirSync(join(folder, "answers"));
	const mend = (name: string) => mendPath(join(folder, name));
	expect(await mend("prompt.jsonl")).toBe("Did you mean prompts.jsonl?");
	expect(await mend("verdicts")).toBe(`The folder ${folder} has answers, prompts.jsonl`);
	expect(await mend("answers/1")).toBe(`The folder ${join(folder, "answers")} is empty`);
	expect(await mend("replies/1")).toBe(`The folder ${join(folder, "replies")} does not exist either`);
	expect(await mend("answers")).toBe("It is a folder: name a file in it");
	expect(await mend("prompts.jsonl")).toBe("Make it readable");
});
