import { loadMatrix } from "../activities/oracle/judges/matrix.ts";
import { importVerify } from "../activities/user-modules.ts";
import { DnoError } from "../core/errors.ts";
import { isProgram, judgeName, modelJudges, type OracleConfig } from "../core/oracle-config.ts";
import { checkFile } from "./check-file.ts";

/**
 * Checks what an oracle reads, before anything is started.
 *
 * @param oracle With absolute paths.
 * @throws {DnoError} A file is missing or does not do, a key is not in the environment, or two judges share a name.
 */
export async function checkOracle(oracle: OracleConfig): Promise<void> {
	if (isProgram(oracle)) {
		if (oracle.kind === "matrix") {
			await checkFile(oracle.game, "the game");
			await loadMatrix(oracle.game);
			return;
		}
		await checkFile(oracle.module, "the module");
		await importVerify(oracle.module);
		return;
	}
	const names = new Set<string>();
	for (const judge of modelJudges(oracle)) {
		const name = judgeName(judge);
		if (names.has(name))
			throw new DnoError({
				what: "two judges of the panel have the same name",
				where: "oracle.judges",
				got: name,
				mend: "Give each a name of its own: `name`",
				kind: "usage",
			});
		names.add(name);
		if (judge.rubric !== undefined) await checkFile(judge.rubric, "the rubric");
		const { apiKeyEnv } = judge;
		if (apiKeyEnv !== undefined && !process.env[apiKeyEnv])
			throw new DnoError({
				what: `the key of the judge ${name} is not in the environment`,
				where: "apiKeyEnv",
				got: apiKeyEnv,
				mend: `Set it: export ${apiKeyEnv}=…`,
			});
		if (judge.votes > 1 && judge.temperature === 0)
			throw new DnoError({
				what: `the judge ${name} is asked ${judge.votes} times at temperature 0, which gives the same answer each time`,
				where: "votes",
				mend: "Raise its temperature, or ask once",
				kind: "usage",
			});
	}
}
