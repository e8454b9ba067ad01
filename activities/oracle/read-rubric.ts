import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DnoError } from "../../core/errors.ts";
import type { ModelJudgeConfig } from "../../core/oracle-config.ts";

/**
 * The instructions to a judge: the user's file, or the rubric that comes with the kind. Responses and the form of the
 * reply are appended by code, so a rubric says only what a good response is.
 *
 * @param file absolute path of the user's file
 * @throws DnoError when the file cannot be read or is empty
 */
export async function readRubric(kind: ModelJudgeConfig["kind"], file?: string): Promise<string> {
	const where = file ?? fileURLToPath(new URL(`./rubrics/${kind}.md`, import.meta.url));
	const text = await readFile(where, "utf8").catch((cause) => {
		throw new DnoError({ what: "the rubric cannot be read", where, mend: "Check the judge's `rubric`", cause });
	});
	if (text.trim() === "") {
		throw new DnoError({ what: "the rubric is empty", where, mend: "Say in it what makes a response good" });
	}
	return text.trim();
}
